import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import { projectRoot } from '../captures.ts';

const dir = mkdtempSync(join(tmpdir(), 'boop-recorder-'));
const recorder = (file: string): string => pathToFileURL(join(projectRoot, 'libs/testing/recorder', file)).href;

afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Runs a script under a preload until it ends. */
async function run(preload: string, script: string, env: Record<string, string>): Promise<string> {
  const file = join(dir, 'script.mjs');
  writeFileSync(file, script);
  const child = spawn(process.execPath, ['--import', preload, file], { env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
  return output;
}

const recorded = (process: string, direction: string): string[] =>
  readdirSync(join(dir, 'records', process))
    .filter((file) => file.endsWith(`-${direction}.bin`))
    .map((file) => readFileSync(join(dir, 'records', process, file), 'latin1'));

const count = (streams: readonly string[], text: string): number => streams.reduce((sum, stream) => sum + stream.split(text).length - 1, 0);

test('records each byte once, of HTTP, of plain sockets and of writes before the connection, in order', async () => {
  const script = `
    import { createServer as http } from 'node:http';
    import { createServer, connect } from 'node:net';
    import { once } from 'node:events';
    const web = http(async (request, response) => {
      for await (const chunk of request) void chunk;
      response.end('http-answer');
    }).listen(0, '127.0.0.1');
    await once(web, 'listening');
    await (await fetch('http://127.0.0.1:' + web.address().port, { method: 'POST', body: 'http-request' })).text();
    web.close();
    web.closeAllConnections();
    const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const socket = connect(echo.address().port, '127.0.0.1');
    socket.write('first');
    await once(socket, 'connect');
    socket.cork();
    socket.write('second');
    socket.write(Buffer.from('third'));
    socket.uncork();
    for (let echoed = ''; echoed.length < 16; ) echoed += (await once(socket, 'data'))[0];
    socket.end();
    echo.close();
    console.log(Object.keys(process.env).filter((name) => name.startsWith('BOOP_')).join());
  `;
  const output = await run(recorder('record-sockets.mjs'), script, { BOOP_TEST_RECORD_DIR: join(dir, 'records'), BOOP_PROCESS_NAME: 'one' });
  expect(output.trim()).toBe('');
  const [inward, outward] = [recorded('one', 'in'), recorded('one', 'out')];
  // The echo makes the way twice.
  for (const [text, times] of [['http-request', 1], ['http-answer', 1], ['firstsecondthird', 2]] as const)
    expect([text, count(inward, text), count(outward, text)]).toEqual([text, times, times]);
});

test('follows a launcher into the processes that it configures, and into no other', async () => {
  const child = join(dir, 'child.mjs');
  writeFileSync(child, `import { connect } from 'node:net'; connect(Number(process.argv[2]), '127.0.0.1').end(process.argv[3]);`);
  const script = `
    import { spawn } from 'node:child_process';
    import { createServer } from 'node:net';
    import { once } from 'node:events';
    const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const start = (text, env) => once(spawn(process.execPath, [${JSON.stringify(child)}, server.address().port, text], { env }), 'close');
    await start('from-the-node', { BOOP_CONFIG: '/data/nodes/3/config.yaml' });
    await start('from-the-gateway', { BOOP_CONFIG: '/data/gateway/config.yaml' });
    await start('from-elsewhere', {});
    server.close();
  `;
  await run(recorder('record-network.mjs'), script, { BOOP_TEST_RECORD_DIR: join(dir, 'records') });
  expect(recorded('node-3', 'out')).toEqual(['from-the-node']);
  expect(recorded('gateway', 'out')).toEqual(['from-the-gateway']);
  expect(readdirSync(join(dir, 'records')).sort()).toEqual(['gateway', 'node-3', 'one']);
});
