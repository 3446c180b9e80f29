import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { addSignatures, consistencyProof, formatAddCheckpoint, formatCheckpoint, formatNote, formatVerifierKey, openCheckpoint, signatureOf, SignatureType, createVerifierKey, type TreeHead } from '@boop/log';
import { systemRng } from '@boop/platform';
import { utf8 } from '@boop/shared';
import { newEntries, nextBatch } from '../store/log-store.conformance.ts';
import { newSigner } from '../testing/account-holder.ts';
import { MemoryLogStore } from '../testing/memory-log-store.ts';
import { TestDatabases } from '../testing/test-databases.ts';
import { PrismaWitnessStore } from './prisma-witness-store.ts';
import { openWitnessKey, Witness, type WitnessKey } from './witness.ts';

/** Another log, with one signer. */
class OtherLog {
  readonly store = new MemoryLogStore();
  readonly signer = newSigner();
  readonly key = createVerifierKey('log.example/other', SignatureType.ed25519, this.signer.publicKey);

  async grow(count: number, label = 'entry'): Promise<TreeHead> {
    const { size } = await this.store.head();
    await this.store.append(await nextBatch(this.store, newEntries(size, count, label)));
    return await this.store.head();
  }

  note(head: TreeHead, origin = this.key.name): string {
    const text = formatCheckpoint({ origin, ...head });
    return formatNote({ text, signatures: [signatureOf(this.key, this.signer.sign(utf8(text)))] });
  }

  async request(from: number, head: TreeHead): Promise<string> {
    const proof = from === 0 || from >= head.size ? [] : await consistencyProof(this.store, from, head.size);
    return formatAddCheckpoint({ oldSize: from, proof, checkpoint: this.note(head) });
  }
}

let databases: TestDatabases;
let dir: string;
let key: WitnessKey;
let log: OtherLog;
let witness: Witness;

beforeAll(async () => {
  databases = await TestDatabases.start(['witness']);
  dir = mkdtempSync(join(tmpdir(), 'boop-witness-'));
  key = openWitnessKey(join(dir, 'witness.key'), 'witness.example/one', systemRng);
});
afterAll(async () => {
  await databases.stop();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  await databases.emptied('witness');
  log = new OtherLog();
  witness = open();
});

const open = (): Witness => new Witness([formatVerifierKey(log.key)], { key, store: new PrismaWitnessStore(databases.database('witness')), clock: { nowMs: () => 1_700_000_000_000 } });

describe('the witness', () => {
  test('keeps its key in a file of its own', () => {
    expect(statSync(join(dir, 'witness.key')).mode & 0o777).toBe(0o600);
    expect(openWitnessKey(join(dir, 'witness.key'), 'witness.example/one', systemRng).verifierKey).toEqual(key.verifierKey);
  });

  test('cosigns a log as it grows, also after a restart', async () => {
    let from = 0;
    for (const count of [3, 5, 0]) {
      const head = count === 0 ? await log.store.head() : await log.grow(count);
      const { status, body } = await open().addCheckpoint(await log.request(from, head));
      expect(status).toBe(200);
      const note = addSignatures(log.note(head), body, [key.verifierKey]);
      const { checkpoint, cosigned } = openCheckpoint(note, { vkey: formatVerifierKey(log.key), cosigners: [witness.vkey], quorum: 1 });
      expect([checkpoint.size, cosigned]).toEqual([head.size, [{ name: 'witness.example/one', timeS: 1_700_000_000 }]]);
      from = head.size;
    }
  });

  test('answers with the statuses of C2SP tlog-witness', async () => {
    const first = await log.grow(3);
    expect(await witness.addCheckpoint('old 0\n\nnonsense')).toMatchObject({ status: 400 });
    expect(await witness.addCheckpoint(formatAddCheckpoint({ oldSize: 0, proof: [], checkpoint: log.note(first, 'log.example/unknown') }))).toMatchObject({ status: 404 });
    const forged = new OtherLog();
    expect(await witness.addCheckpoint(formatAddCheckpoint({ oldSize: 0, proof: [], checkpoint: forged.note(first) }))).toMatchObject({ status: 403 });
    expect(await witness.addCheckpoint(await log.request(4, first))).toMatchObject({ status: 400 });
    expect(await witness.addCheckpoint(await log.request(1, first))).toEqual({ status: 409, type: 'text/x.tlog.size', body: '0\n' });
    expect((await witness.addCheckpoint(await log.request(0, first))).status).toBe(200);
    const second = await log.grow(4);
    expect(await witness.addCheckpoint(await log.request(0, second))).toEqual({ status: 409, type: 'text/x.tlog.size', body: '3\n' });
    const wrong = formatAddCheckpoint({ oldSize: 3, proof: [new Uint8Array(32)], checkpoint: log.note(second) });
    expect(await witness.addCheckpoint(wrong)).toMatchObject({ status: 422 });
    expect((await witness.addCheckpoint(await log.request(3, second))).status).toBe(200);
  });

  test('cosigns one of two histories that come at the same moment', async () => {
    const first = await log.grow(2);
    await witness.addCheckpoint(await log.request(0, first));
    const fork = new OtherLog();
    await fork.grow(2);
    const rival = { store: fork.store, note: (head: TreeHead) => log.note(head) };
    const [one, two] = [await log.grow(3, 'one'), await fork.grow(3, 'two')];
    const requests = [
      await log.request(2, one),
      formatAddCheckpoint({ oldSize: 2, proof: await consistencyProof(rival.store, 2, 5), checkpoint: rival.note(two) }),
    ];
    const answers = await Promise.all(requests.map((request) => open().addCheckpoint(request)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const stored = await new PrismaWitnessStore(databases.database('witness')).head(log.key.name);
    expect(stored).toEqual(answers[0]!.status === 200 ? one : two);
  });
});
