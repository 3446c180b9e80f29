import { resolve } from 'node:path';
import { BoopError } from '@boop/shared';
import { Command } from 'commander';
import { runBackupTool } from './run-backup-tool.ts';

/** `boop node restore DIR --from FILE [--share FILE …]`, or first `boop node restore DIR --ask` */
export function restoreCommand(): Command {
  return new Command('restore')
    .description('fill the empty database of a node that does not run from a backup')
    .argument('<dir>', 'the node’s folder, with its configuration')
    .option('--from <file>', 'the backup')
    .option('--ask', 'begin a restoration without this node’s keys: prints a key for which other custodians hand on their shares')
    .option('--share <file...>', 'what other custodians handed on, in files')
    .action(async (dir: string, { from, ask, share = [] }: { from?: string; ask?: boolean; share?: string[] }) => {
      if (ask) {
        const { requester } = await runBackupTool(dir, ['ask']);
        process.stdout.write(`${String(requester)}\n`);
        return;
      }
      if (from === undefined) throw new BoopError('cli.usage', 'either --from or --ask is needed');
      const { sequence, time } = await runBackupTool(dir, ['restore', '--from', resolve(from), ...share.flatMap((file) => ['--share', resolve(file)])]);
      process.stdout.write(`restored backup ${String(sequence)} of ${new Date(Number(time) * 1000).toISOString()}; the node may be started\n`);
    });
}
