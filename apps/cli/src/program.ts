import { Command } from 'commander';
import { canaryCommand } from './canary/canary-command.ts';
import { demoCommand } from './demo/demo-command.ts';
import { evalCommand } from './eval/eval-command.ts';
import { ledgerCommand } from './ledger/ledger-command.ts';
import { monitorCommand } from './monitor/monitor-command.ts';
import { networkCommand } from './network/network-command.ts';
import { nodeCommand } from './node/node-command.ts';
import { servicesCommand } from './services/services-command.ts';
import { listenCommand } from './vendor/listen-command.ts';
import { scanCommand } from './vendor/scan-command.ts';

const commands = [networkCommand, nodeCommand, servicesCommand, demoCommand, evalCommand, canaryCommand, ledgerCommand, monitorCommand, scanCommand, listenCommand];

/** `boop` with all its commands. */
export function boopProgram(): Command {
  const program = new Command('boop').description('operate a boop network').showHelpAfterError();
  for (const command of commands) program.addCommand(command());
  return program;
}
