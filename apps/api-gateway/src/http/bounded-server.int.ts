import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createDevCa, issueCertificate } from '@boop/platform';
import { boundedServer, timeoutDefaults } from './bounded-server.ts';

let dir: string;
let ca: string;
let server: ReturnType<typeof boundedServer>;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'boop-tls-'));
  const issued = await issueCertificate(await createDevCa(join(dir, 'ca')), { commonName: 'gateway', uri: 'boop://test-net/gateway/main', ips: ['127.0.0.1'] });
  ca = issued.ca;
  const tls = { certFile: join(dir, 'tls.crt'), keyFile: join(dir, 'tls.key') };
  writeFileSync(tls.certFile, issued.cert);
  writeFileSync(tls.keyFile, issued.key, { mode: 0o600 });
  server = boundedServer((_request, response) => response.end('ok'), timeoutDefaults, tls);
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
