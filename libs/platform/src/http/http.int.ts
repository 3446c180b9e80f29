import { afterEach, describe, expect, test } from '@jest/globals';
import { startHealthServer } from './health-server.ts';
import { type HttpListener } from './http-listener.ts';
import { createMetrics, startMetricsServer } from './metrics-server.ts';

const open: HttpListener[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});
const address = { host: '127.0.0.1', port: 0 };
const urlOf = (server: HttpListener, path: string): string => `http://127.0.0.1:${server.port}${path}`;

describe('health', () => {
  test('is told apart from readiness', async () => {
    let ready = false;
    const server = await startHealthServer({ ...address, ready: () => ({ ready, checks: { database: ready } }) });
    open.push(server);
    expect((await fetch(urlOf(server, '/healthz'))).status).toBe(200);
    const before = await fetch(urlOf(server, '/readyz'));
    expect([before.status, await before.json()]).toEqual([503, { status: 'not-ready', checks: { database: false } }]);
    ready = true;
    expect((await fetch(urlOf(server, '/readyz'))).status).toBe(200);
    expect((await fetch(urlOf(server, '/nothing'))).status).toBe(404);
    expect((await fetch(urlOf(server, '/healthz'), { method: 'POST' })).status).toBe(405);
  });

  test('a check that throws means not ready', async () => {
    const server = await startHealthServer({ ...address, ready: () => Promise.reject(new Error('database down')) });
    open.push(server);
    expect((await fetch(urlOf(server, '/readyz'))).status).toBe(503);
  });

  test('a taken port is named', async () => {
    const server = await startHealthServer({ ...address, ready: () => ({ ready: true }) });
    open.push(server);
    await expect(startHealthServer({ ...address, port: server.port, ready: () => ({ ready: true }) })).rejects.toMatchObject({
      code: 'http.port-taken',
      message: expect.stringContaining(String(server.port)),
    });
  });
});

test('metrics carry the process name', async () => {
  const server = await startMetricsServer({ ...address, registry: createMetrics('node-1') });
  open.push(server);
  const text = await (await fetch(urlOf(server, '/metrics'))).text();
  expect(text).toMatch(/process_cpu_seconds_total\{process="node-1"\} \d/);
});
