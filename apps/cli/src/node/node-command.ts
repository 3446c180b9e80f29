import { Command } from 'commander';
import { backupCommand, backupShareCommand } from './backup-command.ts';
import { restoreCommand } from './restore-command.ts';

/** `boop node …`: what a custodian does with a node of its own. */
export function nodeCommand(): Command {
  return new Command('node').description('run a node of one’s own').addCommand(backupCommand()).addCommand(backupShareCommand()).addCommand(restoreCommand());
}
