import { readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BoopError } from '@boop/shared';

const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 50;

/**
 * Makes a cluster folder startable after an unclean end: a server that still runs in it is stopped; a pid file whose process is gone, or whose
 * number now belongs to another program (usual after a container restart), is removed.
 * @throws BoopError `postgres.still-running`
 */
export async function clearLeftoverServer(clusterDir: string): Promise<void> {
  const pidFile = join(clusterDir, 'postmaster.pid');
  const pid = readPid(pidFile);
  if (pid === undefined) return;
  if (isServerOf(clusterDir, pid)) await stopServer(pid, clusterDir);
  rmSync(pidFile, { force: true });
}

function readPid(file: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
    return Number.isSafeInteger(pid) && pid > 1 ? pid : 0;
  } catch {
    return undefined;
  }
}

/** A postmaster's working directory is its data folder. */
export function isServerOf(clusterDir: string, pid: number): boolean {
  if (pid === 0 || !isAlive(pid)) return false;
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === clusterDir;
  } catch {
    // No /proc here (macOS): PostgreSQL itself then decides whether the pid file is stale.
    return process.platform !== 'linux';
  }
}

async function stopServer(pid: number, clusterDir: string): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    process.kill(pid, signal);
    for (let waitedMs = 0; waitedMs < STOP_TIMEOUT_MS; waitedMs += POLL_MS) {
      if (!isAlive(pid)) return;
      await sleep(POLL_MS);
    }
  }
  throw new BoopError('postgres.still-running', `a PostgreSQL server (pid ${pid}) of an earlier start won't stop in ${clusterDir}`, { kind: 'fatal' });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch {
    return false;
  }
}

function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
