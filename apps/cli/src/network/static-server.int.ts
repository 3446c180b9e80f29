import { request } from 'node:http';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type HttpListener } from '@boop/platform';
import { startStaticServer } from './static-server.ts';

const root = mkdtempSync(join(tmpdir(), 'boop-static-'));
const pages = join(root, 'pages');
let server: HttpListener;

beforeAll(async () => {
  mkdirSync(join(pages, 'assets'), { recursive: true });
  writeFileSync(join(pages, 'index.html'), '<p>console</p>');
  writeFileSync(join(pages, 'assets', 'app-1a2b.js'), 'export {}');
  writeFileSync(join(root, 'secret.txt'), 'hunter2');
  server = await startStaticServer({ host: '127.0.0.1', port: 0, pages, settings: { gateway: 'http://127.0.0.1:1' }, connectTo: ['http://127.0.0.1:1'] });
});
afterAll(async () => {
  await server.close();
  rmSync(root, { recursive: true, force: true });
});

/** Sends the path as it is; fetch would tidy it. */
const get = (path: string, method = 'GET'): Promise<{ status: number; type: string | undefined; policy: string; body: string }> =>
  new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: server.port, path, method }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode!, type: response.headers['content-type'], policy: String(response.headers['content-security-policy']), body }));
    })
      .on('error', reject)
      .end();
  });

describe('the console server', () => {
  test('serves pages, assets and the public addresses', async () => {
    expect(await get('/')).toMatchObject({ status: 200, type: 'text/html; charset=utf-8', body: '<p>console</p>' });
    expect(await get('/network/nodes')).toMatchObject({ status: 200, body: '<p>console</p>' });
    expect(await get('/authenticate/shop.example/order.1')).toMatchObject({ status: 200, body: '<p>console</p>' });
    expect(await get('/assets/app-1a2b.js')).toMatchObject({ status: 200, type: 'text/javascript; charset=utf-8' });
    expect(JSON.parse((await get('/config.json')).body)).toEqual({ gateway: 'http://127.0.0.1:1' });
    expect((await get('/readyz')).status).toBe(200);
    expect((await get('/')).policy).toContain("connect-src 'self' http://127.0.0.1:1;");
  });

  test.each(['/../secret.txt', '/%2e%2e/secret.txt', '/assets/..%2f..%2fsecret.txt', '/..%5csecret.txt', '/secret.txt%00.html', '/%zz'])('%s leads nowhere', async (path) => {
    const { status, body } = await get(path);
    expect([400, 404]).toContain(status);
    expect(body).toBe('');
  });

  test('answers reading methods only', async () => expect((await get('/', 'POST')).status).toBe(405));
});
