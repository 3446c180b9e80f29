import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { BoopError } from '@boop/shared';
import { projectRoot } from '../network/layout.ts';

const programs = join(projectRoot, 'apps', 'mpc-node', 'dist');

/**
 * Runs one of the node's own programs on a node's folder: keys and database are opened by the node's software alone.
 * @returns what it answered @throws BoopError `node.backup` after it has said what is wrong
 */
async function runNodeTool(program: string, folder: string, args: readonly string[], settings: Readonly<Record<string, string>> = {}): Promise<Record<string, unknown>> {
  // What BOOP_… variables of a shell are for, is for `boop` itself; the node's own are in its configuration.
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BOOP_')));
  const child = spawn(process.execPath, [join(programs, program), ...args], { env: { ...inherited, ...settings, BOOP_CONFIG: join(resolve(folder), 'config.yaml') }, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
  const status = await new Promise<number | null>((done, fail) => child.once('error', fail).once('close', done));
  if (status !== 0) throw new BoopError('node.backup', output.stderr.trim() || 'the node’s software ended without an answer', { kind: 'fatal' });
  return JSON.parse(output.stdout) as Record<string, unknown>;
}

/** `settings` stand over those of the node's configuration. */
export const runBackupTool = (folder: string, args: readonly string[], settings?: Readonly<Record<string, string>>): Promise<Record<string, unknown>> => runNodeTool('backup-main.js', folder, args, settings);
/** Reads or signs orders about people. */
export const runOrderTool = (folder: string, args: readonly string[]): Promise<Record<string, unknown>> => runNodeTool('order-main.js', folder, args);
