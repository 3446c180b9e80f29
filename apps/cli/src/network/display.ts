import { type DevCredentials } from './credentials.ts';
import { type ProcessStatus } from './control.ts';
import { type ShowStep } from './network.ts';

export type Write = (text: string) => void;

/** One line per step when it is over, with its duration. */
export const stepPrinter = (write: Write): ShowStep => async (title, work) => {
  const startedMs = Date.now();
  const finish = (mark: string): void => write(`  ${mark} ${title} (${((Date.now() - startedMs) / 1000).toFixed(1)} s)\n`);
  try {
    await work();
    finish('✓');
  } catch (error) {
    finish('✗');
    throw error;
  }
};

/** Columns as wide as their widest cell. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string => `  ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join('  ').trimEnd()}\n`;
  return [header, widths.map((width) => '─'.repeat(width)), ...rows].map(line).join('');
}

export const addressTable = (status: readonly ProcessStatus[]): string =>
  table(['process', 'address', 'health'], status.map(({ name, address, healthUrl }) => [name, address, `${healthUrl}/readyz`]));

export const statusTable = (status: readonly ProcessStatus[]): string =>
  table(['process', 'state', 'pid', 'address'], status.map(({ name, running, ready, pid, address }) => [name, running ? (ready ? 'ready' : 'not ready') : 'down', String(pid ?? '-'), address]));

export const credentialsTable = ({ vendor, terminal, admin }: DevCredentials): string =>
  table(['role', 'id', 'key'], [
    ['vendor', vendor.id, vendor.apiKey],
    ['terminal', terminal.id, terminal.key],
    ['admin', admin.id, admin.key],
  ]);
