import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LinkClient } from '../link/link-client.ts';
import { LinkServer } from '../link/link-server.ts';
import { eventually } from '../testing/link-fixture.ts';
import { createDevCa, issueCertificate } from './dev-ca.ts';
import { TlsFiles } from './tls-files.ts';
import { type TlsMaterial } from './tls-material.ts';

const networkId = 'net';
const closing: (() => unknown)[] = [];
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'boop-tls-files-'));
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  rmSync(root, { recursive: true, force: true });
});

const files = () => ({ certFile: join(root, 'tls.crt'), keyFile: join(root, 'tls.key'), caFile: join(root, 'ca.crt') });

function write({ cert, key, ca }: Partial<TlsMaterial>): void {
  const { certFile, keyFile, caFile } = files();
  if (key !== undefined) writeFileSync(keyFile, key, { mode: 0o600 });
  if (cert !== undefined) writeFileSync(certFile, cert);
  if (ca !== undefined) writeFileSync(caFile, ca);
}

function dial(port: number, tls: TlsMaterial): LinkClient {
  const client = new LinkClient({ tls, networkId, expect: { role: 'ledger', id: 'main' }, host: '127.0.0.1', port });
  closing.push(() => client.close());
  return client;
}

test('a server lets in who is trusted from now on, under the new certificate, and keeps the connections that are open', async () => {
  const [before, after] = [await createDevCa(join(root, 'before')), await createDevCa(join(root, 'after'))];
  const own = { commonName: 'ledger', uri: 'boop://net/ledger/main' };
  const gateway = (id: string) => ({ commonName: 'gateway', uri: `boop://net/gateway/${id}` });
  write(await issueCertificate(before, own));
  const tls = new TlsFiles(files());
  closing.push(() => tls.stop());
  const server = new LinkServer({ tls, networkId, authorize: () => true, handlers: { request: () => Promise.resolve('served'), session: () => undefined } });
  closing.push(() => server.close());
  const { port } = await server.listen(0, '127.0.0.1');
  const early = dial(port, await issueCertificate(before, gateway('main')));
  await early.waitConnected(30_000);

  const late = dial(port, await issueCertificate(after, gateway('second')));
  await eventually(() => late.lastFailure !== undefined);
  const renewed = await issueCertificate(after, own);
  // Halfway through: a key without its certificate.
  write({ key: renewed.key });
  tls.look();
  expect(tls.current.key).not.toBe(renewed.key);
  write(renewed);
  tls.look();
  expect(tls.current).toEqual(renewed);
  await late.waitConnected(30_000);
  expect(early.connected).toBe(true);
  expect(await early.request('anything', {}, { timeoutMs: 30_000 })).toBe('served');
});

test('a client dials with what the files hold at that moment', async () => {
  const ca = await createDevCa(join(root, 'ca'));
  const stranger = await createDevCa(join(root, 'stranger'));
  const uri = 'boop://net/gateway/main';
  write(await issueCertificate(stranger, { commonName: 'gateway', uri }));
  const tls = new TlsFiles(files());
  closing.push(() => tls.stop());
  const server = new LinkServer({ tls: await issueCertificate(ca, { commonName: 'ledger', uri: 'boop://net/ledger/main' }), networkId, authorize: () => true, handlers: { request: () => Promise.resolve('served'), session: () => undefined } });
  closing.push(() => server.close());
  const { port } = await server.listen(0, '127.0.0.1');
  const client = new LinkClient({ tls, networkId, expect: { role: 'ledger', id: 'main' }, host: '127.0.0.1', port });
  closing.push(() => client.close());
  await eventually(() => client.lastFailure !== undefined);
  expect(client.connected).toBe(false);
  write(await issueCertificate(ca, { commonName: 'gateway', uri }));
  await client.waitConnected(30_000);
});
