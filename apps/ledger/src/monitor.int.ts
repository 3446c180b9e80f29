import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openCheckpoint } from '@boop/log';
import { HttpLogSource, Monitor, type MonitorStore } from '@boop/monitor';
import { systemClock } from '@boop/platform';
import { toBase64Url } from '@boop/shared';
import { type RunningLedger } from './ledger.ts';
import { AccountHolder } from './testing/account-holder.ts';
import { eventually } from './testing/eventually.ts';
import { LedgerFixture } from './testing/ledger-fixture.ts';

let fixture: LedgerFixture;
let ledger: RunningLedger;
beforeAll(async () => {
  fixture = await LedgerFixture.start(['monitored']);
  ledger = await fixture.ledger('monitored');
  await eventually(async () => ledger.leads());
});
afterAll(async () => await fixture.stop());

function memoryStore(): MonitorStore {
  const tiles = new Map<string, Uint8Array>();
  return {
    load: async () => undefined,
    save: async () => undefined,
    readTile: async ({ level, index }) => tiles.get(`${level}/${index}`),
    writeTile: async ({ level, index }, bytes) => void tiles.set(`${level}/${index}`, bytes),
  };
}

test('a monitor follows the running ledger: its log, and each step of its map', async () => {
  const url = `http://127.0.0.1:${ledger.httpPort}`;
  const submit = async (account: AccountHolder, value: string): Promise<void> => {
    const { mutation, label, shown } = account.advance(value);
    const body = JSON.stringify({ mutation: toBase64Url(mutation), label: toBase64Url(label), opening: toBase64Url(shown!.opening), value: toBase64Url(shown!.value) });
    expect((await fetch(`${url}/v1/ledger/mutations`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).status).toBe(202);
  };
  const people = ['ada', 'ben', 'cid'].map((label) => new AccountHolder(fixture.network.manifest.logOrigin, fixture.vrfKey.secret, label));
  const vkey = await eventually(async () => ((await (await fetch(`${url}/v1/log/key`)).json()) as { verifierKey?: string }).verifierKey);
  const monitor = new Monitor({ vkey, source: new HttpLogSource(url), store: memoryStore(), clock: systemClock });
  for (const account of people) await submit(account, 'one');
  for (const revision of [1, 2, 3]) {
    const step = await eventually(async () => {
      const done = await monitor.step().catch((error: { kind?: string }) => (error.kind === 'unavailable' ? undefined : Promise.reject(error as Error)));
      expect(done?.alarms ?? []).toEqual([]);
      return done && done.revision >= revision && done;
    });
    expect(monitor.state).toMatchObject({ convicted: false, waiting: [] });
    expect(step.head.size).toBeGreaterThanOrEqual(revision);
    await submit(people[0]!, `after ${revision}`);
  }
  expect(openCheckpoint(monitor.state.note!, { vkey }).checkpoint).toMatchObject(monitor.state.head);
});
