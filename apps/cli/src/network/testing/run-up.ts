import { fileURLToPath } from 'node:url';
import { isBoopError } from '@boop/shared';
import { type Programs } from '../programs.ts';
import { networkUp } from '../up.ts';

/** `boop network up` over fake processes: node run-up.ts '{"data":…,"requested":…,"fresh":…,"releaseTimeoutMs":…}' */
const { data, requested, fresh, releaseTimeoutMs } = JSON.parse(process.argv[2]!) as { data: string; requested: object; fresh: boolean; releaseTimeoutMs: number };
const fake = { script: fileURLToPath(new URL('./fake-process.ts', import.meta.url)), nodeOptions: ['--disable-warning=ExperimentalWarning'] };
const programs: Programs = { node: fake, gateway: fake, bridge: fake, ledger: fake };

try {
  process.exit(await networkUp({ dataDirectory: data, requested, fresh, programs, releaseTimeoutMs, write: (text) => process.stdout.write(text) }));
} catch (error) {
  if (!isBoopError(error)) throw error;
  process.stdout.write(`${error.code}: ${error.message}\n`);
  process.exit(1);
}
