import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BoopError } from '@boop/shared';
import { Command } from 'commander';
import { z } from 'zod';
import { fromHere } from '../demo/network-access.ts';
import { DEFAULT_DATA_DIRECTORY, layoutOf, projectRoot } from '../network/layout.ts';

const CHECKER = join(projectRoot, 'apps', 'ledger', 'dist', 'check-main.js');
const OUTPUT_CHARS_MAX = 100_000;

const reportSchema = z.discriminatedUnion('ok', [z.object({ ok: z.literal(true), counts: z.record(z.string(), z.number()) }), z.object({ ok: z.literal(false), place: z.string(), rule: z.string() })]);
export type CheckReport = z.infer<typeof reportSchema>;

/** `boop ledger check`: replays log, map and accounts from the ledger's storage. Exit code 1 when a place isn't as it must be. */
export function checkCommand(): Command {
  return new Command('check')
    .description('replay log, map and accounts from storage; says OK or names the first place that is not')
    .option('--data <dir>', "the network's data folder; its database must be up", DEFAULT_DATA_DIRECTORY)
    .option('--config <file>', "a ledger's configuration, instead of the one in the data folder")
    .action(async ({ data, config }: { data: string; config?: string }) => {
      const file = config === undefined ? join(layoutOf(data === DEFAULT_DATA_DIRECTORY ? data : fromHere(data)).of('ledger'), 'config.yaml') : fromHere(config);
      const report = await runCheck(file);
      process.stdout.write(`${describe(report)}\n`);
      if (!report.ok) process.exitCode = 1;
    });
}

/** One line for people. */
export const describe = (report: CheckReport): string =>
  report.ok
    ? `OK: ${Object.entries(report.counts).map(([name, count]) => `${count} ${name}`).join(', ')}`
    : `NOT OK at ${report.place}: ${report.rule}`;

/** @throws BoopError `ledger.no-config`, `ledger.check-failed` when no report came (a database that is down, for one) */
async function runCheck(configFile: string): Promise<CheckReport> {
  if (!existsSync(configFile)) throw new BoopError('ledger.no-config', `there is no ledger's configuration at ${configFile}`);
  const child = spawn(process.execPath, [CHECKER], { env: { ...process.env, BOOP_CONFIG: configFile }, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, log] = [collect(child.stdout), collect(child.stderr)];
  await new Promise<void>((resolve, reject) => child.once('error', reject).once('close', () => resolve()));
  const report = parseReport(out());
  if (!report) throw new BoopError('ledger.check-failed', `the check did not come to an end: ${log().trim().split('\n').at(-1) ?? ''}`);
  return report;
}

/** The last line that is a report; the process may log before it. */
export function parseReport(output: string): CheckReport | undefined {
  for (const line of output.trim().split('\n').reverse()) {
    try {
      const parsed = reportSchema.safeParse(JSON.parse(line));
      if (parsed.success) return parsed.data;
    } catch {
      // A line of the log.
    }
  }
  return undefined;
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(-OUTPUT_CHARS_MAX)));
  return () => text;
}
