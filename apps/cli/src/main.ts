#!/usr/bin/env node
import { isBoopError } from '@boop/shared';
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

const program = new Command('boop').description('operate a boop network').showHelpAfterError();
program.addCommand(networkCommand());
program.addCommand(nodeCommand());
program.addCommand(servicesCommand());
program.addCommand(demoCommand());
program.addCommand(evalCommand());
program.addCommand(canaryCommand());
program.addCommand(ledgerCommand());
program.addCommand(monitorCommand());
program.addCommand(scanCommand());
program.addCommand(listenCommand());

try {
  await program.parseAsync();
} catch (error) {
  if (!isBoopError(error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
