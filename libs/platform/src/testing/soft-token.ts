import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInThisContext } from 'node:vm';

/** A token of SoftHSM 2 in a folder of its own. */
export interface SoftToken {
  readonly module: string;
  readonly label: string;
  readonly pinFile: string;
  /** For SOFTHSM2_CONF of whoever uses the module; it is read once a process. */
  readonly configFile: string;
  remove(): void;
}

const MODULES = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so', '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so', '/usr/lib64/libsofthsm2.so', '/usr/local/lib/softhsm/libsofthsm2.so'];
const PIN = '648219';

/** Whether this machine has tokens to test with; says by name what it lacks. */
export async function hasTokens(what: string): Promise<boolean> {
  const missing = MODULES.some((file) => existsSync(file)) ? await import('pkcs11js').then(() => undefined, () => 'the compiled pkcs11js binding') : 'SoftHSM 2 (libsofthsm2.so)';
  if (missing !== undefined) process.stderr.write(`${missing} is absent: ${what} not run\n`);
  return missing === undefined;
}

/** Makes this process use the token. The test runner gives tests a copy of the environment, which native code does not see. */
export function selectToken({ configFile }: SoftToken): void {
  (runInThisContext('process') as NodeJS.Process).env['SOFTHSM2_CONF'] = configFile;
}

export function createSoftToken(label = 'boop-node'): SoftToken {
  const dir = mkdtempSync(join(tmpdir(), 'boop-token-'));
  mkdirSync(join(dir, 'tokens'), { mode: 0o700 });
  const [configFile, pinFile] = [join(dir, 'softhsm2.conf'), join(dir, 'pin')];
  writeFileSync(configFile, `directories.tokendir = ${join(dir, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  writeFileSync(pinFile, PIN, { mode: 0o600 });
  execFileSync('softhsm2-util', ['--init-token', '--free', '--label', label, '--pin', PIN, '--so-pin', `${PIN}0`], { env: { ...process.env, SOFTHSM2_CONF: configFile }, stdio: 'pipe' });
  return { module: MODULES.find((file) => existsSync(file))!, label, pinFile, configFile, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
