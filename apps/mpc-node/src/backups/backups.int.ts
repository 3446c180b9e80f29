import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type EmbeddedPostgres, type NodeCustody, openFileCustody, startEmbeddedPostgres, systemClock as clock, systemRng as rng } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { freePort } from '@boop/testing';
import { type StoredRegistration } from '../gallery/gallery-store.ts';
import { type RegistrationRecord } from '../link/peer-methods.ts';
import { copyRowsOf } from '../store/copy-rows.ts';
import { openDatabase } from '../store/database.ts';
import { PrismaGalleryStore } from '../store/prisma-gallery-store.ts';
import { PrismaKeyStore } from '../store/prisma-stores.ts';
import { openSealer } from '../store/sealer.ts';
import { manifestOf } from '../testing/memory-network.ts';
import { BackupReader } from './backup-reader.ts';
import { unwrapBackupKey } from './backup-key.ts';
import { createBackup } from './create-backup.ts';
import { beginRecovery, handOn, recoverKey } from './recovery.ts';
import { checkBackup, restoreBackup } from './restore-backup.ts';

const dir = mkdtempSync(join(tmpdir(), 'boop-backups-'));
const folder = join(dir, 'backups');
const party = 2;
const keysOf = (id: number): string => join(dir, `keys-${id}`);
const hash = (): string => toBase64Url(rng.bytes(32));
let postgres: EmbeddedPostgres;
let custodies: NodeCustody[];
let manifest: NetworkManifest;
let file: string;
let expected: { networkId: string; party: number; identityKeys: string[] };

const people = [0, 2, 3].map((firstSlot, at): Omit<StoredRegistration, 'preparedAtMs'> => {
  const positions: RegistrationRecord['positions'] = at === 0 ? ['left-palm', 'right-palm'] : ['right-palm'];
  const record: RegistrationRecord = { v: 1, networkId: 'net', epoch: 1, sessionId: hash(), splitHash: hash(), consent: hash(), accountKey: hash(), subjectId: toBase64Url(rng.bytes(16)), firstSlot, positions, encoder: 'palm-compcode-1', verified: true, time: 1_700_000_000 };
  return { record, certificate: { record, signatures: [1, 2, 3].map((signer) => ({ party: signer, signature: toBase64Url(rng.bytes(64)) })) }, shares: positions.map((_, place) => Int16Array.from({ length: 4096 }, (_unused, i) => ((i * 7 + firstSlot + place) % 8191) - 4095)) };
});

/** What a node would find in a database with these keys. */
async function holdings(name: string, custody: NodeCustody): Promise<{ registrations: unknown[]; head: object; keys: object[] }> {
  const database = await openDatabase(postgres.urls[name]!);
  try {
    const sealer = await openSealer(database, custody, 1, rng);
    const store = new PrismaGalleryStore(database, sealer, copyRowsOf(postgres.urls[name]!));
    const registrations: unknown[] = [];
    for await (const { record, shares, certificate } of store.load()) registrations.push({ record, shares, certificate });
    return { registrations, head: await store.head(), keys: await new PrismaKeyStore(database, sealer).load() };
  } finally {
    await database.$disconnect();
  }
}

const restore = async (name: string, custody: NodeCustody, from = file): Promise<{ tables: number }> => {
  const reader = await BackupReader.open(from);
  checkBackup(reader.header, expected);
  return await restoreBackup({ reader, key: unwrapBackupKey(custody, reader.header), databaseUrl: postgres.urls[name]!, openCustody: async () => custody });
};
const create = async (): Promise<{ file: string; sequence: number; digest: string }> =>
  await createBackup({ databaseUrl: postgres.urls['own']!, custody: custodies[party - 1]!, keysDir: keysOf(party), manifest, party, folder, kind: 'manual', clock, rng });

beforeAll(async () => {
  mkdirSync(folder);
  postgres = await startEmbeddedPostgres({ dir: join(dir, 'postgres'), port: await freePort(), databases: ['own', 'second', 'third', 'fourth'].map((name) => ({ name, user: name })) });
  custodies = [1, 2, 3, 4, 5].map((id) => openFileCustody(keysOf(id), rng));
  manifest = manifestOf(custodies, 1, [1, 2, 3, 4, 5]);
  const database = await openDatabase(postgres.urls['own']!);
  const sealer = await openSealer(database, custodies[party - 1]!, 1, rng);
  await new PrismaGalleryStore(database, sealer, copyRowsOf(postgres.urls['own']!)).addCommitted(people);
  await new PrismaKeyStore(database, sealer).put({ name: 'token', ceremonyId: rng.bytes(16), share: Uint8Array.of(1, 2, 3) });
  await database.evidence.create({ data: { session: 'x', at: new Date(), named: [3], suspects: [], document: {} } });
  await database.$disconnect();
  ({ file } = await create());
  expected = { networkId: manifest.networkId, party, identityKeys: [manifest.members[party - 1]!.identityKey] };
}, 120_000);

afterAll(async () => {
  await postgres?.stop();
  rmSync(dir, { recursive: true, force: true, maxRetries: 10 });
}, 120_000);

describe('a backup of a node', () => {
  test('brings back rows, heads and key shares in an empty database, with the node\'s own keys, and counts go on', async () => {
    await restore('second', custodies[party - 1]!);
    const [own, restored] = [await holdings('own', custodies[party - 1]!), await holdings('second', custodies[party - 1]!)];
    expect(restored).toEqual(own);
    expect(restored.registrations).toEqual(people.map(({ record, shares, certificate }) => ({ record, shares, certificate })));
    expect(restored.keys).toHaveLength(1);
    const database = await openDatabase(postgres.urls['second']!);
    try {
      await expect(database.evidence.create({ data: { session: 'y', at: new Date(), named: [], suspects: [], document: {} } })).resolves.toMatchObject({ id: 2n });
    } finally {
      await database.$disconnect();
    }
    await expect(restore('second', custodies[party - 1]!)).rejects.toMatchObject({ code: 'restore.not-empty' });
  });

  test('shows nothing of a share, and is opened by no other custodian, not even one whose share it carries', async () => {
    const bytes = readFileSync(file);
    const share = people[0]!.shares[0]!;
    expect(bytes.includes(Buffer.from(share.buffer).subarray(0, 16))).toBe(false);
    expect(bytes.includes(people[0]!.record.subjectId)).toBe(false);
    await expect(restore('third', custodies[3]!)).rejects.toMatchObject({ code: 'backup.wrong-key' });
  });

  test('is brought back without the node\'s keys by t+1 custodians, with the key files, and not by t', async () => {
    const reader = await BackupReader.open(file);
    const keyFile = join(dir, 'recovery.key');
    const requester = beginRecovery(keyFile);
    const [first, third] = [await handOn(custodies[0]!, reader.header, requester), await handOn(custodies[2]!, reader.header, requester)];
    await expect(recoverKey(keyFile, reader.header, [first])).rejects.toMatchObject({ code: 'backup.too-few-shares' });
    await expect(recoverKey(keyFile, reader.header, [first, first])).rejects.toMatchObject({ code: 'backup.too-few-shares' });
    await expect(recoverKey(keyFile, reader.header, [first, '{}'])).rejects.toMatchObject({ code: 'backup.bad-share' });
    // A share that was handed on for another restoration.
    await expect(recoverKey(keyFile, reader.header, [first, await handOn(custodies[3]!, reader.header, beginRecovery(join(dir, 'other.key')))])).rejects.toMatchObject({ code: 'box.unopenable' });
    await expect(handOn(custodies[party - 1]!, reader.header, requester)).rejects.toMatchObject({ code: 'backup.no-share' });

    const keysDir = join(dir, 'keys-restored');
    const key = await recoverKey(keyFile, reader.header, [first, third]);
    const custody = (): NodeCustody => openFileCustody(keysDir, rng);
    await restoreBackup({ reader, key, databaseUrl: postgres.urls['third']!, keysDir, openCustody: async () => custody() });
    expect(custody().identityPublicKey).toEqual(custodies[party - 1]!.identityPublicKey);
    expect(await holdings('third', custody())).toEqual(await holdings('own', custodies[party - 1]!));
  });

  test('is refused when a byte of it differs, or some are missing, and then nothing is restored', async () => {
    const bytes = readFileSync(file);
    const end = bytes.length;
    for (const at of [3, 400, bytes.indexOf(10) + 200, Math.floor(end / 2), end - 70, end - 1]) {
      const other = join(dir, 'altered.backup');
      const altered = Buffer.from(bytes);
      altered[at]! ^= 1;
      writeFileSync(other, altered);
      await expect(restore('fourth', custodies[party - 1]!, other)).rejects.toMatchObject({ code: expect.stringMatching(/^backup\.(altered|malformed)$/) });
      writeFileSync(other, bytes.subarray(0, at));
      await expect(restore('fourth', custodies[party - 1]!, other)).rejects.toMatchObject({ code: expect.stringMatching(/^backup\.(altered|malformed)$/) });
    }
    await expect(holdings('fourth', custodies[party - 1]!)).resolves.toMatchObject({ registrations: [] });
  });

  test('is refused for another network, another node, and a node with another identity', async () => {
    const { header } = await BackupReader.open(file);
    expect(() => checkBackup(header, { ...expected, networkId: 'other' })).toThrow(expect.objectContaining({ code: 'backup.other-network' }));
    expect(() => checkBackup(header, { ...expected, party: 3 })).toThrow(expect.objectContaining({ code: 'backup.other-node' }));
    expect(() => checkBackup(header, { ...expected, identityKeys: [manifest.members[0]!.identityKey] })).toThrow(expect.objectContaining({ code: 'backup.other-node' }));
  });

  test('names the one before it, so that a missing one is seen', async () => {
    const [second, third] = [await create(), await create()];
    const [first, next, last] = await Promise.all([file, second.file, third.file].map(async (name) => await BackupReader.open(name)));
    expect([first!.header.sequence, next!.header.sequence, last!.header.sequence]).toEqual([1, 2, 3]);
    expect(first!.header.previous).toBeUndefined();
    expect(next!.header.previous).toBe(first!.digest);
    expect(last!.header.previous).toBe(next!.digest);
    expect(readdirSync(folder).every((name) => name.endsWith('.backup'))).toBe(true);
    copyFileSync(third.file, join(dir, 'copied.backup'));
    await expect(BackupReader.open(join(dir, 'copied.backup'))).resolves.toMatchObject({ digest: third.digest });
  });
});
