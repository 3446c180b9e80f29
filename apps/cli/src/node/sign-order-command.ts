import { type PalmErasure, type SubjectOrder } from '@boop/protocol';
import { Command } from 'commander';
import { runOrderTool } from './run-backup-tool.ts';

/** `boop node sign-order DIR --document TEXT [--sign]` */
export function signOrderCommand(): Command {
  return new Command('sign-order')
    .description('read what an order about a person says, and sign it as a custodian')
    .argument('<dir>', 'the node’s folder')
    .requiredOption('--document <text>', '`document` of the order, as the gateway tells it')
    .option('--sign', 'sign it: prints what POST /v1/subjects/orders/{id}/signatures takes', false)
    .action(async (dir: string, { document, sign }: { document: string; sign: boolean }) => {
      const { record, ...signature } = await runOrderTool(dir, ['--document', document, ...(sign ? ['--sign'] : [])]);
      process.stdout.write(sign ? `${JSON.stringify(signature)}\n` : described(record as SubjectOrder | PalmErasure));
    });
}

function described(record: SubjectOrder | PalmErasure): string {
  const lines = [`action   ${record.kind === 'palm-erasure' ? 'erase' : record.action}`, `account  ${record.accountKey}`, `drawn up ${new Date(record.requestedAt * 1000).toISOString()}`, `reason   ${JSON.stringify(record.reason ?? '')}`, 'nothing is signed without --sign'];
  return `${lines.join('\n')}\n`;
}
