// Posted transfers a second on one embedded PostgreSQL, durable: node --conditions=@boop/source bench/accounts.mjs [--seconds 10] [--clients 64] [--per-request 8] [--json FILE]
// The load runs in this process, on the same cores as the database; requests go through the queue, not through the links.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { applyMigrations, isPortFree, silentLogger, startEmbeddedPostgres, systemClock } from '@boop/platform';
import { AccountStore } from '../apps/ledger/src/accounts/account-store.ts';
import { AccountsDatabase } from '../apps/ledger/src/accounts/accounts-database.ts';
import { TransferQueue } from '../apps/ledger/src/accounts/transfer-queue.ts';
import { TransferStore } from '../apps/ledger/src/accounts/transfer-store.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' }, clients: { type: 'string', default: '64' }, 'per-request': { type: 'string', default: '8' }, json: { type: 'string' } } });
const [seconds, clients, perRequest] = [Number(values.seconds), Number(values.clients), Number(values['per-request'])];
const PERSONS = 5_000;
const VENDORS = 200;
const quantile = (sorted, share) => Number(sorted[Math.floor(share * (sorted.length - 1))].toPrecision(3));

async function freePort() {
  for (let port = 41_000; ; port++) if (await isPortFree(port)) return port;
}

const account = (id, debitLimit) => ({ id, asset: 'EUR', debitLimit, creditLimit: null });
const person = (at) => `person.${at % PERSONS}:main`;
const vendor = (at) => `vendor.${at % VENDORS}:main`;

async function open(accounts) {
  await accounts.create([account('network.bank:main', null)]);
  for (let at = 0; at < PERSONS; at += 1_000) await accounts.create(Array.from({ length: 1_000 }, (_, i) => account(person(at + i), 10n ** 12n)));
  await accounts.create(Array.from({ length: VENDORS }, (_, i) => account(vendor(i), 0n)));
}

/** @param request makes the transfers of a client's next request; `posted` is how many of them post money */
async function measure(queue, request, posted) {
  const latencies = [];
  let count = 0;
  let next = 0;
  const until = performance.now() + seconds * 1_000;
  const client = async () => {
    while (performance.now() < until) {
      const startedAt = performance.now();
      const results = await queue.create(request(next++));
      if (results.some(({ status }) => status !== 'created')) throw new Error(`a transfer was not created: ${results.map(({ status }) => status)}`);
      latencies.push(performance.now() - startedAt);
      count += posted;
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  const elapsed = (performance.now() - startedAt) / 1_000;
  latencies.sort((a, b) => a - b);
  return { postedPerSecond: Math.round(count / elapsed), posted: count, p50Ms: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99) };
}

const payment = (label, at) => ({ id: `network.bench:${label}-${at}`, kind: 'single', debitAccount: person(at * 7), creditAccount: vendor(at * 13), amount: 100n, asset: 'EUR', code: 'payment' });
const singles = (perRequest) => (at) => Array.from({ length: perRequest }, (_, i) => payment(`s${perRequest}`, at * perRequest + i));
/** Reserved and posted in a request each, as a payment at a till is. */
const twoPhase = (at) => [
  { ...payment('p', at), kind: 'pending', timeoutSeconds: 60 },
  { id: `network.bench:q-${at}`, kind: 'post', pendingId: `network.bench:p-${at}` },
];

const dir = mkdtempSync(join(tmpdir(), 'boop-bench-'));
const postgres = await startEmbeddedPostgres({ dir, port: await freePort(), databases: [{ name: 'ledger', user: 'ledger' }] });
try {
  const url = postgres.urls.ledger;
  await applyMigrations(url, fileURLToPath(new URL('../apps/ledger/prisma/migrations', import.meta.url)));
  const database = new AccountsDatabase(url);
  await open(new AccountStore(database));
  const queue = new TransferQueue({ store: new TransferStore({ database, clock: systemClock }), log: silentLogger });
  const batched = await measure(queue, singles(perRequest), perRequest);
  const single = await measure(queue, singles(1), 1);
  const reserved = await measure(queue, twoPhase, 1);
  await queue.close();
  await database.close();
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const report = { commit, cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, clients, perRequest, batched, single, reserved };
  console.table({ [`${clients} clients, ${perRequest} a request`]: batched, [`${clients} clients, one a request`]: single, 'reserve and post': reserved });
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
} finally {
  await postgres.stop();
  rmSync(dir, { recursive: true, force: true });
}
