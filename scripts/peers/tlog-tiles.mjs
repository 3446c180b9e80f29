// Has a reader of C2SP tlog-tiles that others wrote check a served log end to end: transparency-dev/tessera `fsck`, with
// golang.org/x/mod/sumdb/note for the checkpoint. Needs Go; where it is missing, this says so and checks nothing.
//   node --conditions=@boop/source scripts/peers/tlog-tiles.mjs                  a log in memory, made by libs/log
//   node --conditions=@boop/source scripts/peers/tlog-tiles.mjs URL VKEY         a running ledger; VKEY as under /v1/log/key
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const READER = 'github.com/transparency-dev/tessera/cmd/fsck';
const VERSION = 'v1.0.4';
const ENTRIES = 70_000;

/** More than 256² entries, so that there are tiles of three levels, full and partial. */
async function logInMemory() {
  const [{ MapLog }, { serveLog, ServedLog }] = await Promise.all([import('@boop/log/testing'), import('@boop/monitor/testing')]);
  const log = new MapLog();
  await log.append(Array.from({ length: ENTRIES }, (_, at) => new TextEncoder().encode(`entry ${at}`)));
  const served = await serveLog(new ServedLog(log));
  return { ...served, vkey: log.vkey };
}

function build(dir) {
  const env = { ...process.env, GOBIN: dir };
  const { status, error } = spawnSync('go', ['install', `${READER}@${VERSION}`], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  if (error?.code === 'ENOENT') return 'Go is not installed';
  return status === 0 ? undefined : 'it could not be built; is the network reachable?';
}

const dir = mkdtempSync(join(tmpdir(), 'boop-peer-'));
let close = async () => undefined;
try {
  const why = build(dir);
  if (why !== undefined) {
    console.log(`SKIPPED ${READER} ${VERSION}: ${why}`);
  } else {
    const versions = spawnSync('go', ['version', '-m', join(dir, 'fsck')], { encoding: 'utf8' }).stdout;
    const note = /golang\.org\/x\/mod\s+(v\S+)/.exec(versions)?.[1] ?? 'unknown';
    const [, , url, vkey] = process.argv;
    const target = url ? { url, vkey, close } : await logInMemory();
    close = target.close;
    writeFileSync(join(dir, 'vkey'), `${target.vkey}\n`);
    const base = target.url.endsWith('/') ? target.url : `${target.url}/`;
    // Asynchronous: the log in memory is served by this very process.
    const reader = spawn(join(dir, 'fsck'), ['--storage_url', base, '--public_key', join(dir, 'vkey'), '--ui=false', '--N', '4'], { stdio: 'inherit' });
    const status = await new Promise((resolve) => reader.once('exit', resolve));
    console.log(`${status === 0 ? 'OK' : 'FAILED'} ${READER} ${VERSION} (golang.org/x/mod/sumdb/note ${note}): ${base}`);
    process.exitCode = status === 0 ? 0 : 1;
  }
} finally {
  await close();
  rmSync(dir, { recursive: true, force: true });
}
