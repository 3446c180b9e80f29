import { Command } from 'commander';
import { base64Url32, fileOperand, folderOperand } from '../operands.ts';
import { runBackupTool } from './run-backup-tool.ts';

/** `boop node backup DIR --to FOLDER` */
export function backupCommand(): Command {
  return new Command('backup')
    .description('write a backup of a node, which may run meanwhile; only this node’s keys, or t+1 of the other custodians, open it')
    .argument('<dir>', 'the node’s folder')
    .requiredOption('--to <folder>', 'where the backup goes')
    .action(async (dir: string, { to }: { to: string }) => {
      const { file, sequence, digest } = await runBackupTool(dir, ['create', '--to', folderOperand(to)]);
      process.stdout.write(`backup ${String(sequence)}: ${String(file)}\ndigest ${String(digest)}\n`);
    });
}

/** `boop node backup-share DIR --from FILE --for KEY` */
export function backupShareCommand(): Command {
  return new Command('backup-share')
    .description('as another custodian: hand on the share of a backup’s key to the custodian who restores it')
    .argument('<dir>', 'the folder of your own node')
    .requiredOption('--from <file>', 'the backup')
    .requiredOption('--for <key>', 'what `boop node restore --ask` printed there; compare it by voice', base64Url32)
    .action(async (dir: string, { from, for: requester }: { from: string; for: string }) => {
      process.stdout.write(`${JSON.stringify(await runBackupTool(dir, ['hand-on', '--from', fileOperand(from), `--for=${requester}`]))}\n`);
    });
}
