import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const modules = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so', '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so', '/usr/lib64/libsofthsm2.so', '/usr/local/lib/softhsm/libsofthsm2.so'];
const pin = '731904';
const label = 'custodian';

/** A custodian's token, of SoftHSM 2 in a folder. */
export interface Token {
  /** For `boop node init`. */
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** `pkcs11-tool` logged in to the token; undefined where it is absent. */
  tool(...args: string[]): { status: number | null; output: string } | undefined;
}

/** Undefined, and said by name, where this machine has no SoftHSM 2. */
export function createToken(dir: string): Token | undefined {
  const module = modules.find((file) => existsSync(file));
  if (!module) {
    process.stderr.write('SoftHSM 2 (libsofthsm2.so) is absent: all nodes keep their keys in files\n');
    return undefined;
  }
  mkdirSync(join(dir, 'tokens'), { recursive: true, mode: 0o700 });
  const [configFile, pinFile] = [join(dir, 'softhsm2.conf'), join(dir, 'pin')];
  writeFileSync(configFile, `directories.tokendir = ${join(dir, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  writeFileSync(pinFile, pin, { mode: 0o600 });
  const env = { SOFTHSM2_CONF: configFile };
  execFileSync('softhsm2-util', ['--init-token', '--free', '--label', label, '--pin', pin, '--so-pin', `${pin}0`], { env: { ...process.env, ...env }, stdio: 'pipe' });
  return {
    flags: ['--custody', 'pkcs11', '--module', module, '--token', label, '--pin-file', pinFile],
    env,
    tool(...args) {
      const { status, stdout, stderr, error } = spawnSync('pkcs11-tool', ['--module', module, '--token-label', label, '--login', '--pin', readFileSync(pinFile, 'utf8'), ...args], { encoding: 'utf8', env: { ...process.env, ...env } });
      if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
        process.stderr.write('pkcs11-tool is absent: its attempts to export keys not run\n');
        return undefined;
      }
      return { status, output: `${stdout}${stderr}` };
    },
  };
}
