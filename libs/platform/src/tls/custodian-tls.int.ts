import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type NetworkManifest } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { openFileCustody } from '../custody/file-custody.ts';
import { type NodeCustody } from '../custody/key-custody.ts';
import { LinkClient } from '../link/link-client.ts';
import { LinkServer } from '../link/link-server.ts';
import { systemRng } from '../system.ts';
import { eventually } from '../testing/link-fixture.ts';
import { CustodianTls, type CustodianTlsOptions, memberAnchors } from './custodian-tls.ts';
import { createDevCa, issueCertificate } from './dev-ca.ts';
import { issueUnderIdentity, tlsKeyPem } from './identity-certificates.ts';
import { type TlsMaterial } from './tls-material.ts';

const root = mkdtempSync(join(tmpdir(), 'boop-custodian-tls-'));
const networkId = 'net';
const dayMs = 86_400_000;
const custodies: NodeCustody[] = [];
let manifest: NetworkManifest;
const closing: { close(): Promise<void> }[] = [];

const manifestOf = (identities: readonly Uint8Array[]): NetworkManifest =>
  ({ networkId, epoch: 1, members: identities.map((key, at) => ({ party: at + 1, identityKey: toBase64Url(key) })) }) as unknown as NetworkManifest;

beforeAll(() => {
  for (const party of [1, 2, 3]) custodies.push(openFileCustody(join(root, String(party)), systemRng));
  manifest = manifestOf(custodies.map(({ identityPublicKey }) => identityPublicKey));
});
afterEach(async () => {
  await Promise.all(closing.splice(0).map((part) => part.close()));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const tlsOf = (party: number, options: Partial<CustodianTlsOptions> = {}): CustodianTls =>
  new CustodianTls({ file: join(root, `tls-${party}.json`), servicesFile: join(root, 'services.pem'), networkId, party, custody: custodies[party - 1]!, ...options });

async function serve(tls: TlsMaterial): Promise<{ server: LinkServer; port: number }> {
  const handlers = { request: () => Promise.resolve('served'), session: () => undefined };
  const server = new LinkServer({ tls, networkId, authorize: () => true, handlers });
  closing.push(server);
  return { server, port: (await server.listen(0, '127.0.0.1')).port };
}

function dial(port: number, tls: TlsMaterial, party = 1): LinkClient {
  const client = new LinkClient({ tls, networkId, expect: { role: 'node', id: String(party) }, host: '127.0.0.1', port });
  closing.push(client);
  return client;
}

async function refusal(client: LinkClient): Promise<string | undefined> {
  await eventually(() => client.lastFailure !== undefined);
  expect(client.connected).toBe(false);
  return client.lastFailure;
}

describe('TLS between nodes that know each other by the manifest alone', () => {
  test('connects members, each under the own identity key', async () => {
    const { port } = await serve(await tlsOf(1).material([manifest]));
    const client = dial(port, await tlsOf(2).material([manifest]));
    await client.waitConnected(60_000);
    expect(await client.request('anything', {}, { timeoutMs: 60_000 })).toBe('served');
  });

  test('refuses a member in the name of another one, and a service in the name of a member', async () => {
    const [anchors, tlsSecret] = [await memberAnchors([manifest]), systemRng.bytes(32)];
    const thief = custodies[2]!;
    const cert = await issueUnderIdentity({ uri: 'boop://net/node/2', identityKey: thief.identityPublicKey, tlsSecret, sign: (bytes) => thief.signIdentity(bytes), notBeforeMs: Date.now(), lifetimeMs: dayMs });
    const { port } = await serve(await tlsOf(1).material([manifest]));
    const honest = dial(port, await tlsOf(2).material([manifest]));
    await honest.waitConnected(60_000);
    const forged: TlsMaterial = { cert, key: tlsKeyPem(tlsSecret), ca: anchors };
    // Whether what the server says is read before its end arrives is up to the network.
    expect(await refusal(dial(port, forged))).toMatch(/^(?:link\.unavailable|ECONNRESET|EPIPE)$/);
    const second = await serve(forged);
    expect(await refusal(dial(second.port, await tlsOf(1).material([manifest]), 2))).toBe('link.bad-identity');

    const services = await createDevCa(join(root, 'services'));
    const asNode = await issueCertificate(services, { commonName: 'node', uri: 'boop://net/node/2' });
    const withServices = { ...(await tlsOf(1).material([manifest])), ca: `${anchors}\n${services.certificatePem}` };
    const third = await serve({ ...asNode, ca: anchors });
    expect(await refusal(dial(third.port, withServices, 2))).toBe('link.bad-identity');
    const asGateway = await issueCertificate(services, { commonName: 'gateway', uri: 'boop://net/gateway/main' });
    const fourth = await serve(withServices);
    const gateway = dial(fourth.port, { ...asGateway, ca: anchors });
    await gateway.waitConnected(60_000);
  });

  test('refuses a certificate that has ended, and one of a manifest that names other keys', async () => {
    const expired = await tlsOf(1, { file: join(root, 'expired.json'), lifetimeMs: dayMs, nowMs: () => Date.now() - 3 * dayMs }).material([manifest]);
    const { port } = await serve(expired);
    expect(await refusal(dial(port, await tlsOf(2).material([manifest])))).toBe('link.certificate-expired');

    const others = manifestOf([custodies[1]!, custodies[0]!, custodies[2]!].map(({ identityPublicKey }) => identityPublicKey));
    const honest = await serve(await tlsOf(1).material([manifest]));
    const stranger = await tlsOf(2, { file: join(root, 'stranger.json'), party: 1 }).material([others]);
    expect(await refusal(dial(honest.port, stranger))).toBeDefined();
    await expect(tlsOf(2).material([others])).rejects.toMatchObject({ code: 'node.other-identity' });
  });

  test('keeps its certificate until it ends soon, seals its key, and takes up a new one without a restart', async () => {
    let nowMs = Date.now();
    const tls = tlsOf(1, { file: join(root, 'kept.json'), nowMs: () => nowMs });
    const first = await tls.material([manifest]);
    expect(await tls.material([manifest])).toBe(first);
    expect(statSync(join(root, 'kept.json')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(root, 'kept.json'), 'utf8')).not.toMatch(/PRIVATE KEY/);

    const { server, port } = await serve(first);
    const open = dial(port, await tlsOf(2).material([manifest]));
    await open.waitConnected(60_000);
    await tlsOf(1, { file: join(root, 'kept.json') }).rotate([manifest]);
    const second = await tls.material([manifest]);
    expect(second.key).not.toBe(first.key);
    server.renew(second);
    const late = dial(port, await tlsOf(3).material([manifest]));
    await late.waitConnected(60_000);
    expect(open.connected).toBe(true);

    nowMs += 61 * dayMs;
    const third = await tls.material([manifest]);
    expect(new X509Certificate(third.cert).validToDate.getTime()).toBeGreaterThan(new X509Certificate(second.cert).validToDate.getTime());
  });

  test('follows an identity key that the manifest replaces', async () => {
    const custody = openFileCustody(join(root, 'rotating'), systemRng);
    const next = custody.createKey('identity');
    const [before, after] = [custody.identityPublicKey, next].map((key) => manifestOf([key, custodies[1]!.identityPublicKey, custodies[2]!.identityPublicKey]));
    const tls = tlsOf(1, { file: join(root, 'rotating.json'), custody });
    const old = await tls.material([before!, after!]);
    const fresh = await tls.material([after!, before!]);
    expect(fresh.cert).not.toBe(old.cert);
    // Whoever is still at the old epoch, or already at the new one, knows both.
    for (const material of [old, fresh]) {
      const { port } = await serve(material);
      await dial(port, await tlsOf(2).material([before!, after!])).waitConnected(60_000);
    }
    const { port } = await serve(old);
    expect(await refusal(dial(port, await tlsOf(3).material([after!])))).toBeDefined();
  });
});
