import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BoopError } from '@boop/shared';
import { Client } from 'pg';
import { type Logger } from '../logging/logger.ts';
import { type PostgresBinaries } from './postgres-binaries.ts';
import { type Unprivileged } from './unprivileged.ts';

/** A server that can't start ends at once; one on a slow disk may have much to recover. */
const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 40;
const LOG_LINES_KEPT = 20;

/**
 * Starts the server as a child of this shell script, which waits for its standard input to close. That happens when we close it and when we
 * die, even by SIGKILL; it then asks for a fast shutdown. In a session of its own, so that Ctrl-C doesn't reach it before its clients.
 */
const GUARD = `exec 3<&0
"$@" 3<&- </dev/null &
server=$!
{ read -r _ <&3; kill -INT $server 2>/dev/null; } &
wait $server
status=$?
kill $! 2>/dev/null
exit $status`;

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  // No socket files, which would need a short path.
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '64MB',
  log_min_messages: 'warning',
  log_min_error_statement: 'panic',
  // Rows may hold sealed shares: statements and parameters stay out of the log.
  log_parameter_max_length_on_error: '0',
};

export async function startServer(options: {
  readonly clusterDir: string;
  readonly port: number;
  readonly binaries: PostgresBinaries;
  readonly user: Unprivileged;
  readonly adminUrl: string;
  readonly log: Logger;
}): Promise<{ ended: Promise<void>; stop: () => Promise<void> }> {
  const { clusterDir, port, binaries, user, adminUrl, log } = options;
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = [...user.prefix, 'sh', '-c', GUARD, 'postgres-guard', binaries.postgres, '-D', clusterDir, '-p', String(port), ...settings];
  const child = spawn(command[0]!, command.slice(1), {
    ...user.spawnOptions,
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
  });
  child.stdin.on('error', () => undefined);
  const lastLines: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => {
    const lines = chunk.toString().split('\n').filter(Boolean);
    lastLines.push(...lines);
    lastLines.splice(0, lastLines.length - LOG_LINES_KEPT);
    for (const line of lines) log.warn('postgres', { line });
  });
  let running = true;
  const ended = new Promise<void>((resolve) => {
    const finish = (): void => {
      running = false;
      resolve();
    };
    child.once('close', finish).once('error', finish);
  });
  const stop = async (): Promise<void> => {
    child.stdin.end();
    if (await Promise.race([ended.then(() => true), sleep(STOP_TIMEOUT_MS, false, { ref: false })])) return;
    signalServer(clusterDir, 'SIGQUIT');
    if (await Promise.race([ended.then(() => true), sleep(STOP_TIMEOUT_MS, false, { ref: false })])) return;
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await ended;
  };
  try {
    await waitReady(adminUrl, () => running);
  } catch {
    await stop();
    throw new BoopError('postgres.start-failed', `PostgreSQL did not start: ${lastLines.join(' | ') || 'no output'}`, { kind: 'fatal' });
  }
  return { ended, stop };
}

async function waitReady(adminUrl: string, running: () => boolean): Promise<void> {
  for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline && running(); ) {
    const client = new Client({ connectionString: adminUrl, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return;
    } catch {
      await sleep(POLL_MS);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  throw new BoopError('postgres.start-failed', 'no answer', { kind: 'fatal' });
}

function signalServer(clusterDir: string, signal: NodeJS.Signals): void {
  try {
    process.kill(Number.parseInt(readFileSync(join(clusterDir, 'postmaster.pid'), 'utf8'), 10), signal);
  } catch {
    // Already gone.
  }
}
