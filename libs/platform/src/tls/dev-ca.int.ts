import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createDevCa, ensureCertificate, issueCertificate } from './dev-ca.ts';
import { parsePeerUri, peerUri } from './peer-identity.ts';

const dir = mkdtempSync(join(tmpdir(), 'boop-devca-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const request = { commonName: 'node 1', uri: 'boop://dev/node/1', dnsNames: ['localhost'], ips: ['127.0.0.1'] };

describe('the development authority', () => {
  test('survives a restart and issues leaves that verify, for both ends of a link', async () => {
    const ca = await createDevCa(join(dir, 'ca'));
    const again = await createDevCa(join(dir, 'ca'));
    expect(again.certificatePem).toBe(ca.certificatePem);
    const leaf = new X509Certificate((await issueCertificate(again, request)).cert);
    const root = new X509Certificate(ca.certificatePem);
    expect(leaf.checkIssued(root) && leaf.verify(root.publicKey)).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(leaf.subjectAltName).toBe('URI:boop://dev/node/1, DNS:localhost, IP Address:127.0.0.1');
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1']);
    expect(statSync(join(dir, 'ca', 'ca.key')).mode & 0o777).toBe(0o600);
  });

  test('keeps a usable certificate and replaces one of another name or authority', async () => {
    const ca = await createDevCa(join(dir, 'ca'));
    const read = (files: { certFile: string }): string => readFileSync(files.certFile, 'utf8');
    const first = read(await ensureCertificate(ca, join(dir, 'n1'), request));
    expect(read(await ensureCertificate(ca, join(dir, 'n1'), request))).toBe(first);
    const renamed = read(await ensureCertificate(ca, join(dir, 'n1'), { ...request, uri: 'boop://dev/node/2' }));
    expect(renamed).not.toBe(first);
    const other = await createDevCa(join(dir, 'other'));
    expect(read(await ensureCertificate(other, join(dir, 'n1'), { ...request, uri: 'boop://dev/node/2' }))).not.toBe(renamed);
  });
});

describe('a peer URI', () => {
  test('says role and id, within its network only', () => {
    expect(parsePeerUri(peerUri('dev', { role: 'node', id: '12' }), 'dev')).toEqual({ role: 'node', id: '12' });
    for (const uri of ['boop://dev/node/1/x', 'boop://dev/node/', 'boop://dev/root/1', 'boop://dev2/node/1', ' boop://dev/node/1', 'boop://dev/node/1, URI:boop://dev/node/2'])
      expect(() => parsePeerUri(uri, 'dev')).toThrow(expect.objectContaining({ code: 'link.bad-identity' }));
    expect(() => peerUri('dev', { role: 'node', id: '1/2' })).toThrow(expect.objectContaining({ code: 'link.bad-identity' }));
  });
});
