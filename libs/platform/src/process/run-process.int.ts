import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';

const dir = mkdtempSync(join(tmpdir(), 'boop-process-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const module = new URL('./run-process.ts', import.meta.url).href;
const errors = new URL('../../../shared/src/index.ts', import.meta.url).href;

function script(name: string, main: string): string {
  const file = join(dir, `${name}.ts`);
  writeFileSync(file, `import { runProcess } from ${JSON.stringify(module)};\nimport { BoopError } from ${JSON.stringify(errors)};\nrunProcess('${name}', async (context) => {\n${main}\n});\n`);
  return file;
}

const execArgv = ['--conditions=@boop/source', '--disable-warning=ExperimentalWarning'];
const serve = `
  const timer = setInterval(() => undefined, 1000);
  context.onStop(() => console.log('first registered'));
  context.onStop(() => { clearInterval(timer); console.log('last registered'); });
  console.log('running');`;

/** `exit` comes once both of its outputs have been read to their ends. */
function collect(child: ChildProcess): { output: () => string; exit: Promise<number | string | null> } {
  let text = '';
  const outputs = [child.stdout!, child.stderr!];
  for (const stream of outputs) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const read = Promise.all(outputs.map((stream) => new Promise((resolve) => stream.once('close', resolve))));
  const exit = new Promise<number | string | null>((resolve) => child.once('exit', (code, signal) => void read.then(() => resolve(code ?? signal))));
  return { output: () => text, exit };
}

async function running(child: ChildProcess): Promise<ReturnType<typeof collect>> {
  const result = collect(child);
  await new Promise<void>((resolve) => child.stdout!.on('data', () => result.output().includes('running') && resolve()));
  return result;
}

describe('a process', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('undoes everything in reverse and exits 0 on %s', async (signal) => {
    const child = spawn(process.execPath, [...execArgv, script('orderly', serve)]);
    const { output, exit } = await running(child);
    child.kill(signal);
    expect(await exit).toBe(0);
    expect(output()).toContain('first registered');
    expect(output().indexOf('last registered')).toBeLessThan(output().indexOf('first registered'));
  });

  test('exits when its parent goes', async () => {
    const child = fork(script('orphan', serve), { execArgv, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    const { output, exit } = await running(child);
    child.disconnect();
    expect(await exit).toBe(0);
    expect(output()).toContain('parent gone');
  });

  test('exits 78 with the message of a configuration error', async () => {
    const { output, exit } = collect(spawn(process.execPath, [...execArgv, script('misconfigured', `throw new BoopError('config.invalid', 'http.port: expected number');`)]));
    expect(await exit).toBe(78);
    expect(output()).toBe('misconfigured: http.port: expected number\n');
  });

  test.each([
    ['thrown later', `setTimeout(() => { throw new Error('hunter2'); }, 1);`],
    ['rejected and unhandled', `setTimeout(() => void Promise.reject(new SyntaxError('hunter2')), 1);`],
    ['thrown by main', `throw new RangeError('hunter2');`],
  ])('logs an error %s without its payload and exits 1', async (_name, main) => {
    const { output, exit } = collect(spawn(process.execPath, [...execArgv, script('crash', `context.onStop(() => console.log('undone'));\n${main}`)]));
    expect(await exit).toBe(1);
    expect(output()).toContain('undone');
    expect(output()).toMatch(/unhandled error/);
    expect(output()).not.toContain('hunter2');
  });

  test('is ended by force when undoing hangs', async () => {
    const child = spawn(process.execPath, [...execArgv, script('stuck', `${serve}\ncontext.onStop(() => new Promise(() => undefined));`)]);
    const { exit } = await running(child);
    child.kill('SIGTERM');
    expect(await exit).toBe(1);
  }, 120_000);
});
