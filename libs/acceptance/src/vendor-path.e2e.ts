import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Authentication } from '@boop/protocol';
import { parseTokenClaims } from '@boop/identity';
import { projectRoot } from './captures.ts';
import { type RunningNetwork, startNetwork } from './network-harness.ts';

/** The commands that a new vendor is told to type: the first shell block under the heading, in the README. */
function commandsOf(path: string): string[] {
  const text = readFileSync(join(projectRoot, path), 'utf8');
  const from = text.search(/^#+ A vendor's first ten minutes$/m);
  const block = from < 0 ? undefined : /^```sh\n([\s\S]*?)^```$/m.exec(text.slice(from))?.[1];
  return (block ?? '').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

const commands = commandsOf('README.md');
let network: RunningNetwork;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'boop-vendor-'));
  network = await startNetwork();
}, 300_000);
afterAll(async () => {
  await network?.dispose();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
}, 120_000);

async function shell(script: string): Promise<{ status: number | null; output: string }> {
  const child = spawn('bash', ['-e', '-o', 'pipefail', '-c', script], {
    cwd: projectRoot,
    env: { ...process.env, NODE_OPTIONS: '', PATH: `${join(projectRoot, 'node_modules/.bin')}:${process.env['PATH']}`, GATEWAY: network.gatewayUrl, BOOP_DATA: network.dataDir, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, output };
}

test('the README tells the way in no more than ten commands', () => {
  expect(commands.length).toBeGreaterThan(0);
  expect(commands.length).toBeLessThanOrEqual(10);
});

test('the commands, as they stand, lead from nothing to a real token', async () => {
  const { status, output } = await shell(commands.join('\n'));
  expect({ status, output }).toMatchObject({ status: 0 });
  const printed = output.split('\n').flatMap((line) => [...line.matchAll(/\{"id":.*?\}(?=\{"id":|$)/g)].map(([text]) => JSON.parse(text) as { id: string; type: string }));
  expect(printed.filter(({ type }) => type === 'authentication.succeeded')).toHaveLength(1);
  const last = printed.at(-1) as unknown as Authentication;
  expect(last).toMatchObject({ status: 'succeeded', result: { reason: 'ok', verified: true } });
  expect(parseTokenClaims(last.result!.idToken!)).toMatchObject({ iss: network.gatewayUrl, aud: network.credentials.vendor.id, boop: { context: last.id, verified: true } });
}, 600_000);
