import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createDevCa, issueCertificate, silentLogger } from '@boop/platform';
import { boundedServer, timeoutDefaults } from './bounded-server.ts';

let dir: string;
let ca: string;
const logged: string[] = [];
const note = (message: string, fields: object = {}): void => void logged.push(JSON.stringify([message, fields]));
let held: ServerResponse | undefined;
const own = { commonName: 'gateway', uri: 'boop://test-net/gateway/main', ips: ['127.0.0.1'] };
const write = (name: string, text: string): void => writeFileSync(join(dir, name), text, { mode: 0o600 });
let server: ReturnType<typeof boundedServer>;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'boop-tls-'));
  const issued = await issueCertificate(await createDevCa(join(dir, 'ca')), own);
  ca = issued.ca;
  const tls = { certFile: join(dir, 'tls.crt'), keyFile: join(dir, 'tls.key') };
  write('tls.crt', issued.cert);
  write('tls.key', issued.key);
  server = boundedServer((request, response) => (request.url === '/held' ? void (held = response) : response.end('ok')), timeoutDefaults, tls, { ...silentLogger, info: note, warn: note });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}, 120_000);
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(dir, { recursive: true, force: true, maxRetries: 10 });
});

const dial = (maxVersion: 'TLSv1.2' | 'TLSv1.3') =>
  new Promise<string>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, ca, minVersion: 'TLSv1.2', maxVersion });
    socket.once('secureConnect', () => {
      resolve(socket.getProtocol()!);
      socket.destroy();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code!));
  });

test('the public port with a certificate speaks TLS 1.3 and nothing older', async () => {
  expect(await dial('TLSv1.3')).toBe('TLSv1.3');
  expect(await dial('TLSv1.2')).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
});

test('new connections see the certificate that the files hold now, an open one goes on, and files that are no certificate change nothing', async () => {
  const open = (trusted: string) =>
    new Promise<TLSSocket>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, ca: trusted }, () => resolve(socket));
      socket.once('error', reject);
    });
  const isTrusted = (trusted: string) => open(trusted).then((socket) => Boolean(socket.destroy()), () => false);
  const until = async (condition: () => boolean | Promise<boolean>) => {
    while (!(await condition())) await sleep(50);
  };
  const next = await issueCertificate(await createDevCa(join(dir, 'next')), own);

  const early = await open(ca);
  let answer = '';
  early.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  early.write('GET /held HTTP/1.1\r\nhost: x\r\n\r\n');
  await until(() => held !== undefined);

  write('tls.crt', 'nothing of the kind');
  await until(() => logged.some((line) => line.includes('TLS not renewed')));
  // The right certificate, whose key has not come yet.
  write('tls.crt', next.cert);
  await until(() => logged.filter((line) => line.includes('TLS not renewed')).length === 2);
  expect([await isTrusted(ca), await isTrusted(next.ca)]).toEqual([true, false]);

  write('tls.key', next.key);
  await until(() => isTrusted(next.ca));
  expect(await isTrusted(ca)).toBe(false);
  expect(logged.filter((line) => line.includes('TLS renewed') && line.includes('tls.crt'))).toHaveLength(1);
  expect(logged.join()).not.toContain('PRIVATE KEY');
  held!.end('after all');
  await until(() => answer.includes('after all'));
  early.destroy();
  const late = await open(next.ca);
  expect(late.getProtocol()).toBe('TLSv1.3');
  late.destroy();
}, 120_000);
