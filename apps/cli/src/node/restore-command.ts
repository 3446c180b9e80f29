import { BoopError } from '@boop/shared';
import { Command, Option } from 'commander';
import { fileOperand } from '../operands.ts';
import { runBackupTool } from './run-backup-tool.ts';
import { trialRestore } from './trial-restore.ts';

interface RestoreFlags {
  readonly from?: string;
  readonly ask?: boolean;
  readonly share?: readonly string[];
  readonly trial?: boolean;
}

/** `boop node restore DIR --from FILE [--trial | --share FILE …]`, or first `boop node restore DIR --ask` */
export function restoreCommand(): Command {
  return new Command('restore')
    .description('fill the empty database of a node that does not run from a backup')
    .argument('<dir>', 'the node’s folder, with its configuration')
    .option('--from <file>', 'the backup')
    .option('--ask', 'begin a restoration without this node’s keys: prints a key for which other custodians hand on their shares')
    .option('--share <file...>', 'what other custodians handed on, in files')
    .addOption(new Option('--trial', 'only try whether it can be restored with this node’s keys, beside the node, which may run: nothing of it is touched').conflicts(['ask', 'share']))
    .action(async (dir: string, { from, ask, share = [], trial }: RestoreFlags) => {
      if (ask) {
        const { requester } = await runBackupTool(dir, ['ask']);
        process.stdout.write(`${String(requester)}\n`);
        return;
      }
      if (from === undefined) throw new BoopError('cli.usage', 'either --from or --ask is needed');
      if (trial) {
        const { sequence, time, tables } = await trialRestore(dir, fileOperand(from));
        process.stdout.write(`backup ${String(sequence)} of ${instant(time)} can be restored: all ${String(tables)} tables, tried in a database that is gone again\n`);
        return;
      }
      const { sequence, time } = await runBackupTool(dir, ['restore', '--from', fileOperand(from), ...share.flatMap((file) => ['--share', fileOperand(file)])]);
      process.stdout.write(`restored backup ${String(sequence)} of ${instant(time)}; the node may be started\n`);
    });
}

const instant = (seconds: unknown): string => new Date(Number(seconds) * 1000).toISOString();
