import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { BoopError, isBoopError } from '@boop/shared';
import { Command, Option } from 'commander';
import { folderOperand, httpUrl } from '../operands.ts';
import { wholeNumber } from '../whole-number.ts';
import { palmsIn } from './capture-folder.ts';
import { fromHere, openAccess } from './network-access.ts';
import { type Plan, planOf } from './plan.ts';
import { runDemo } from './run-demo.ts';
import { Story } from './story.ts';
import { syntheticPlan } from './synthetic-captures.ts';

interface DemoOptions {
  readonly captures?: string;
  readonly synthetic?: number;
  readonly json?: string;
  readonly data?: string;
  readonly gateway?: string;
  readonly portBase?: number;
  readonly concurrency: number;
  readonly registration: boolean;
}

const syntheticDefault = 6;
/** `boop demo`: the whole story against a network that was started separately. Exit code 0 only when all went as it should. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('register palms and recognise them on a running network, by the SDK')
    .addOption(new Option('--captures <dir>', 'palms to use: a folder for each, with BMP or PNG captures of 128×128 pixels').conflicts('synthetic'))
    .addOption(new Option('--synthetic <count>', `palms that belong to nobody instead (default ${syntheticDefault})`).argParser(wholeNumber(1, 10_000)))
    .option('--json <file>', 'write all results, tokens and log proofs')
    .option('--data <dir>', 'data folder of the network (default .boop in the project)')
    .addOption(new Option('--gateway <url>', 'address of the gateway, when it is not on this machine at its usual port').argParser(httpUrl).conflicts('portBase'))
    .addOption(new Option('--port-base <port>', 'port base of the network, when it is not the one in the data folder').argParser(wholeNumber(1, 65_000)))
    .addOption(new Option('--concurrency <count>', 'probes at once; times are honest with 1').argParser(wholeNumber(1, 16)).default(1))
    .option('--no-registration', 'only recognise what an earlier run registered; needs no more than 2t+1 nodes')
    .action(async (options: DemoOptions) => {
      process.exitCode = await run(options);
    });
}

async function run(options: DemoOptions): Promise<number> {
  const stop = new AbortController();
  const interrupted = (): void => stop.abort(new DOMException('interrupted', 'AbortError'));
  process.once('SIGINT', interrupted);
  try {
    const plan = await choosePlan(options);
    const jsonFile = options.json === undefined ? undefined : reportFile(fromHere(options.json));
    const access = openAccess(options);
    const done = await runDemo({ plan, access, concurrency: options.concurrency, registration: options.registration, jsonFile, story: new Story(), signal: stop.signal });
    return done ? 0 : 1;
  } catch (error) {
    if (!stop.signal.aborted && !isBoopError(error)) throw error;
    console.error(stop.signal.aborted ? '\nInterrupted.' : `\n${(error as Error).message} (${(error as { code: string }).code})`);
    return stop.signal.aborted ? 130 : 1;
  } finally {
    process.removeListener('SIGINT', interrupted);
  }
}

const choosePlan = async ({ captures, synthetic }: DemoOptions): Promise<Plan> => (captures === undefined ? syntheticPlan(synthetic ?? syntheticDefault) : planOf(await palmsIn(fromHere(captures))));

/** Its folder is made before the demo begins, not after it. */
function reportFile(file: string): string {
  mkdirSync(folderOperand(dirname(file)), { recursive: true });
  if (existsSync(file) && !statSync(file).isFile()) throw new BoopError('cli.no-file', `${file} is not a file`);
  return file;
}
