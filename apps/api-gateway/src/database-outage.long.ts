import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { type OutageRequest, outageRequests } from './testing/outage-requests.ts';
import { eventually, TestGateway } from './testing/test-gateway.ts';

let g: TestGateway;
let requests: readonly OutageRequest[];
beforeAll(async () => {
  g = await TestGateway.start();
  requests = await outageRequests(g);
}, 120_000);
afterAll(() => g?.stop());

/** Ends one backend by force: the server ends all others, recovers and takes connections again by itself. */
async function crash(): Promise<void> {
  const [{ pid }] = (await g.sql<{ pid: number }>("SELECT pid FROM pg_stat_activity WHERE usename = 'gateway' AND pid <> pg_backend_pid() LIMIT 1")) as [{ pid: number }];
  process.kill(pid, 'SIGKILL');
}

const outages: readonly [string, () => Promise<void>, () => Promise<void>][] = [
  ['killed and started', () => g.killDatabase(), () => g.startDatabase()],
  ['stopped and started', () => g.stopDatabase(), () => g.startDatabase()],
  ['recovering from the crash of a backend', crash, async () => undefined],
];

test.each(outages)('under load, PostgreSQL %s: every answer is a success or says when to come back', async (name, end, start) => {
  const counts = new Map<number, number>();
  const strange: string[] = [];
  const soFar = (status: number): number => counts.get(status) ?? 0;
  let isDone = false;
  const load = Promise.all(
    requests.map(async ([kind, ask]) => {
      while (!isDone) {
        const { status, code, headers } = await ask();
        const kindOf = status === 503 ? 503 : 200;
        counts.set(kindOf, soFar(kindOf) + 1);
        if (status >= 300 && (status !== 503 || headers.get('retry-after') === null)) strange.push(`${kind}: ${status} ${code}`);
        await sleep(10);
      }
    }),
  );
  try {
    for (let round = 0; round < 5; round++) {
      const [well, away] = [soFar(200), soFar(503)];
      await eventually(() => soFar(200) > well + 3 * requests.length);
      await end();
      await eventually(() => soFar(503) > away);
      await start();
      await eventually(async () => (await g.call('GET', '/readyz')).status === 200);
    }
  } finally {
    isDone = true;
    await load;
  }
  process.stderr.write(`${name}: ${soFar(200)} answered, ${soFar(503)} times 503\n`);
  expect(strange).toEqual([]);
}, 600_000);
