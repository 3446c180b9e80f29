import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BoopError } from '@boop/shared';
import { type PostgresBinaries } from './postgres-binaries.ts';
import { type Unprivileged } from './unprivileged.ts';

const OUTPUT_CHARS_MAX = 2_000;

/** Creates the cluster folder unless it is complete; it takes its name only when initdb has succeeded. */
export async function initialiseCluster(options: {
  readonly clusterDir: string;
  readonly binaries: PostgresBinaries;
  readonly user: Unprivileged;
  readonly adminRole: string;
  readonly adminPassword: string;
}): Promise<void> {
  const { clusterDir, binaries, user, adminRole, adminPassword } = options;
  if (existsSync(join(clusterDir, 'PG_VERSION'))) return;
  const draft = `${clusterDir}.draft`;
  const secrets = `${clusterDir}.secrets`;
  for (const dir of [draft, secrets]) {
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { mode: 0o700 });
  }
  const passwordFile = join(secrets, 'password');
  writeFileSync(passwordFile, `${adminPassword}\n`, { mode: 0o600 });
  try {
    await user.own(draft);
    await user.own(secrets);
    await runInitdb([
      ...user.prefix,
      binaries.initdb,
      `--pgdata=${draft}`,
      `--username=${adminRole}`,
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
    ], user);
  } finally {
    rmSync(secrets, { recursive: true, force: true });
  }
  renameSync(draft, clusterDir);
}

async function runInitdb(command: readonly string[], user: Unprivileged): Promise<void> {
  const env = { PATH: process.env['PATH'], LC_ALL: 'C' };
  const child = spawn(command[0]!, command.slice(1), { ...user.spawnOptions, stdio: ['ignore', 'pipe', 'pipe'], env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-OUTPUT_CHARS_MAX)));
  const status = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (status !== 0) throw new BoopError('postgres.start-failed', `initdb failed: ${output.trim()}`, { kind: 'fatal' });
}
