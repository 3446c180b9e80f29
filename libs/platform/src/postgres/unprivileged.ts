import { execFile } from 'node:child_process';
import { chown, readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { join } from 'node:path';
import { BoopError } from '@boop/shared';

const run = promisify(execFile);

/** How to start a program as a user under which PostgreSQL agrees to run. */
export interface Unprivileged {
  /** Prepended to the command line. */
  readonly prefix: readonly string[];
  readonly spawnOptions: { readonly uid?: number; readonly gid?: number };
  /** Gives a folder and all in it to that user. */
  own(dir: string): Promise<void>;
}

/**
 * PostgreSQL refuses to run as root. Started as root (containers, build machines), its programs run as the user `postgres`, which
 * is created if there is none. Where that user can't reach the project folder (a checkout under /root), the programs keep the one capability to
 * pass through folders, CAP_DAC_OVERRIDE, through util-linux's setpriv.
 * @param paths what the programs must reach: their own files and the data folder
 * @throws BoopError `postgres.no-user`
 */
export async function findUnprivileged(paths: readonly string[]): Promise<Unprivileged> {
  if (process.getuid?.() !== 0) return { prefix: [], spawnOptions: {}, own: () => Promise.resolve() };
  const { uid, gid } = (await lookUp('postgres')) ?? (await createUser());
  const own = (dir: string): Promise<void> => chownAll(dir, uid, gid);
  const reachable = await Promise.all(paths.map((path) => canReach(path, uid, gid)));
  if (reachable.every(Boolean)) return { prefix: [], spawnOptions: { uid, gid }, own };
  const capability = '+dac_override';
  const asUser = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', `--inh-caps=${capability}`, `--ambient-caps=${capability}`];
  // access(2), by which initdb looks for its own program, leaves capabilities of users out of account unless this bit is set (capabilities(7)); a container may not allow it.
  const wholly = ['setpriv', ...asUser, '--securebits=+no_setuid_fixup', '--'];
  const prefix = await run('setpriv', [...wholly.slice(1), 'true']).then(() => wholly, () => ['setpriv', ...asUser, '--']);
  return { prefix, spawnOptions: {}, own };
}

async function lookUp(name: string): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

async function createUser(): Promise<{ uid: number; gid: number }> {
  await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres']).catch(() => undefined);
  const user = await lookUp('postgres');
  if (!user) throw new BoopError('postgres.no-user', 'PostgreSQL must not run as root, and the user postgres could not be created', { kind: 'fatal' });
  return user;
}

async function canReach(path: string, uid: number, gid: number): Promise<boolean> {
  return await new Promise((resolve) => {
    execFile('test', ['-x', path], { uid, gid }, (error) => resolve(error === null));
  });
}

async function chownAll(path: string, uid: number, gid: number): Promise<void> {
  await chown(path, uid, gid);
  const entries = await readdir(path, { withFileTypes: true });
  for (const entry of entries) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) await chownAll(inner, uid, gid);
    else await chown(inner, uid, gid);
  }
}
