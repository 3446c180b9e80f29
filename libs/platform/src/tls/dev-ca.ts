import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { ensurePrivateDirectory, writeFileAtomic } from '../custody/atomic-file.ts';
import { type TlsMaterial } from './tls-material.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const CA_LIFETIME_MS = 3650 * DAY_MS;
const LEAF_LIFETIME_MS = 825 * DAY_MS;
/** A leaf this close to its end is issued anew. */
const RENEW_BEFORE_MS = 30 * DAY_MS;
/** Clocks of custodians differ. */
const BACKDATE_MS = 5 * 60_000;

/** Certificate authority of a development network. Its key lies in a file in the clear: never use it for anything else. */
export interface DevCa {
  readonly certificatePem: string;
  readonly certificate: x509.X509Certificate;
  readonly privateKey: CryptoKey;
}

export interface CertificateRequest {
  readonly commonName: string;
  /** `boop://<network>/<role>/<id>` */
  readonly uri: string;
  readonly dnsNames?: readonly string[];
  readonly ips?: readonly string[];
}

/** Opens the authority in `dir` (`ca.crt`, `ca.key`), creating it first if there is none. */
export async function createDevCa(dir: string): Promise<DevCa> {
  ensurePrivateDirectory(dir);
  const certFile = join(dir, 'ca.crt');
  const keyFile = join(dir, 'ca.key');
  // The certificate is written last, so an interrupted creation starts over.
  if (!existsSync(certFile)) {
    const keys = await newKeyPair();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=boop development CA',
      ...validity(CA_LIFETIME_MS),
      serialNumber: newSerialNumber(),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    writeFileAtomic(keyFile, await exportKey(keys.privateKey));
    writeFileAtomic(certFile, certificate.toString('pem'), 0o644);
  }
  const certificatePem = readFileSync(certFile, 'utf8');
  const pkcs8 = x509.PemConverter.decodeFirst(readFileSync(keyFile, 'utf8'));
  const privateKey = await crypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['sign']);
  return { certificatePem, certificate: new x509.X509Certificate(certificatePem), privateKey };
}

/** Issues a leaf for TLS client and server authentication under the authority. Nothing is stored. */
export async function issueCertificate(ca: DevCa, request: CertificateRequest): Promise<TlsMaterial> {
  const keys = await newKeyPair();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [request.commonName] }],
    issuer: ca.certificate.subject,
    ...validity(LEAF_LIFETIME_MS),
    serialNumber: newSerialNumber(),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: ca.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth, x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'url', value: request.uri },
        ...(request.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
        ...(request.ips ?? []).map((value) => ({ type: 'ip' as const, value })),
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(ca.certificate),
    ],
  });
  return { cert: certificate.toString('pem'), key: await exportKey(keys.privateKey), ca: ca.certificatePem };
}

/**
 * Keeps `tls.crt`, `tls.key` and `ca.crt` of one process in `dir`: what is there stays as long as it is of this authority, carries
 * this URI and doesn't expire soon; otherwise it is issued anew.
 */
export async function ensureCertificate(
  ca: DevCa,
  dir: string,
  request: CertificateRequest,
): Promise<{ certFile: string; keyFile: string; caFile: string }> {
  ensurePrivateDirectory(dir);
  const files = { certFile: join(dir, 'tls.crt'), keyFile: join(dir, 'tls.key'), caFile: join(dir, 'ca.crt') };
  if (!(await isUsable(ca, files, request.uri))) {
    const issued = await issueCertificate(ca, request);
    writeFileAtomic(files.keyFile, issued.key);
    writeFileAtomic(files.caFile, issued.ca, 0o644);
    writeFileAtomic(files.certFile, issued.cert, 0o644);
  }
  return files;
}

async function isUsable(ca: DevCa, files: { certFile: string; keyFile: string; caFile: string }, uri: string): Promise<boolean> {
  if (!Object.values(files).every((file) => existsSync(file))) return false;
  if (readFileSync(files.caFile, 'utf8') !== ca.certificatePem) return false;
  const certificate = new x509.X509Certificate(readFileSync(files.certFile, 'utf8'));
  if (certificate.notAfter.getTime() - Date.now() < RENEW_BEFORE_MS) return false;
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  return names.some((name) => name.value === uri) && (await certificate.verify({ publicKey: ca.certificate.publicKey }));
}

async function newKeyPair(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function exportKey(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), x509.PemConverter.PrivateKeyTag);
}

const validity = (lifetimeMs: number): { notBefore: Date; notAfter: Date } => ({
  notBefore: new Date(Date.now() - BACKDATE_MS),
  notAfter: new Date(Date.now() + lifetimeMs),
});

/** RFC 5280 section 4.1.2.2: positive, at most 20 octets, unpredictable. */
const newSerialNumber = (): string => `40${randomBytes(15).toString('hex')}`;
