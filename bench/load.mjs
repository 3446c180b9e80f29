// Start of a node over a large gallery: time to read, authenticate and decrypt every row, from PostgreSQL on this machine. Writing the rows comes first and isn't measured.
// Run: node --conditions=@boop/source bench/load.mjs [--rows 100000] [--runs 3] [--json FILE]
// Prints a table to stderr and one JSON object to stdout. Needs `prisma generate` (npm run build).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEmbeddedPostgres, systemRng as rng } from '@boop/platform';
import { toBase64Url } from '@boop/shared';
import { memoryCustody } from '../apps/mpc-node/src/testing/memory-custody.ts';
import { freePorts } from '../apps/mpc-node/src/testing/process-network.ts';
import { copyRowsOf } from '../apps/mpc-node/src/store/copy-rows.ts';
import { openDatabase } from '../apps/mpc-node/src/store/database.ts';
import { PrismaGalleryStore } from '../apps/mpc-node/src/store/prisma-gallery-store.ts';
import { openSealer } from '../apps/mpc-node/src/store/sealer.ts';

const text = (value) => ({ type: 'string', default: String(value) });
const { values } = parseArgs({ options: { rows: text(100_000), runs: text(3), json: { type: 'string' } } });
const [rows, runs] = [values.rows, values.runs].map(Number);
const atOnce = 64;
const hash = () => toBase64Url(rng.bytes(32));

function registration(firstSlot) {
  const record = { v: 1, networkId: 'bench', epoch: 1, sessionId: hash(), splitHash: hash(), consent: hash(), accountKey: hash(), subjectId: toBase64Url(rng.bytes(16)), firstSlot, positions: ['right-palm'], encoder: 'palm-compcode-1', verified: true, time: 1_700_000_000 };
  const signatures = [1, 2, 3, 4, 5].map((party) => ({ party, signature: toBase64Url(rng.bytes(64)) }));
  return { record, certificate: { record, signatures }, shares: [Int16Array.from({ length: 4096 }, (_, i) => ((i * 31 + firstSlot) % 8191) - 4095)] };
}

const dir = mkdtempSync(join(tmpdir(), 'boop-load-'));
const postgres = await startEmbeddedPostgres({ dir: join(dir, 'postgres'), port: (await freePorts(1))[0], databases: [{ name: 'node', user: 'node' }] });
try {
  const database = await openDatabase(postgres.urls.node);
  const store = new PrismaGalleryStore(database, await openSealer(database, memoryCustody(rng), 1, rng), copyRowsOf(postgres.urls.node));
  for (let from = 0; from < rows; from += atOnce) await store.addCommitted(Array.from({ length: Math.min(atOnce, rows - from) }, (_, at) => registration(from + at)));
  const seconds = [];
  for (let run = 0; run < runs; run++) {
    const begun = performance.now();
    let loaded = 0;
    for await (const { shares } of store.load()) loaded += shares.length;
    if (loaded !== rows) throw new Error(`${loaded} rows came back`);
    seconds.push((performance.now() - begun) / 1000);
  }
  seconds.sort((a, b) => a - b);
  const result = {
    bench: 'load',
    machine: `${cpus().length} × ${cpus()[0].model}`,
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
    rows,
    seconds: { median: +seconds[Math.floor(runs / 2)].toFixed(2), min: +seconds[0].toFixed(2), runs },
    rowsPerSecond: Math.round(rows / seconds[Math.floor(runs / 2)]),
  };
  console.error(`${rows} rows in ${result.seconds.median} s (median of ${runs}): ${result.rowsPerSecond} rows a second`);
  console.log(JSON.stringify(result));
  if (values.json) writeFileSync(values.json, JSON.stringify(result, undefined, 2));
  await database.$disconnect();
} finally {
  await postgres.stop();
  rmSync(dir, { recursive: true, force: true });
}
