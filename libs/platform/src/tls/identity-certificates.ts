import 'reflect-metadata';
import { createECDH, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { concatBytes, toBase64Url } from '@boop/shared';
import { systemRng } from '../system.ts';

const IDENTITY_ALGORITHM = { name: 'Ed25519' } as const;
const TLS_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const ED25519_SPKI = Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0);
const SIGNATURE_BYTES = 64;
/** RFC 5280 section 4.1.2.5: a certificate without an end. */
const NEVER = new Date('9999-12-31T23:59:59Z');
/** Clocks of custodians differ. */
const BACKDATE_MS = 5 * 60_000;

/**
 * A member's identity key as a trust anchor for one name, in PEM: whoever knows the manifest makes it. A trust anchor is a name and a key (RFC 5280 section
 * 6.1.1); nobody checks the signature of its certificate, which is zeros here.
 * @param identityKey Ed25519, 32 bytes
 */
export async function trustAnchor(uri: string, identityKey: Uint8Array): Promise<string> {
  const name = anchorName(identityKey);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: name,
    issuer: name,
    notBefore: new Date(0),
    notAfter: NEVER,
    serialNumber: '01',
    signingAlgorithm: IDENTITY_ALGORITHM,
    publicKey: await identityPublicKey(identityKey),
    signature: new Uint8Array(SIGNATURE_BYTES),
    extensions: [new x509.BasicConstraintsExtension(true, 0, true), new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true), new x509.SubjectAlternativeNameExtension([{ type: 'url', value: uri }])],
  });
  return certificate.toString('pem');
}

/**
 * A TLS certificate for both ends of a link, issued by an identity key.
 * @param tlsSecret P-256 private key, 32 bytes
 * @param sign Ed25519 signature by that identity key
 */
export async function issueUnderIdentity(input: {
  uri: string;
  identityKey: Uint8Array;
  tlsSecret: Uint8Array;
  sign: (bytes: Uint8Array) => Uint8Array;
  notBeforeMs: number;
  lifetimeMs: number;
}): Promise<string> {
  const { uri, identityKey, tlsSecret, sign, notBeforeMs, lifetimeMs } = input;
  const spki = createPublicKey(createPrivateKey(tlsKeyPem(tlsSecret))).export({ format: 'der', type: 'spki' });
  const draft = await x509.X509CertificateGenerator.create({
    subject: 'CN=boop node',
    issuer: anchorName(identityKey),
    notBefore: new Date(notBeforeMs - BACKDATE_MS),
    notAfter: new Date(notBeforeMs + lifetimeMs),
    // RFC 5280 section 4.1.2.2: positive, at most 20 octets, unpredictable.
    serialNumber: `40${randomBytes(15).toString('hex')}`,
    signingAlgorithm: IDENTITY_ALGORITHM,
    publicKey: await crypto.subtle.importKey('spki', spki, TLS_ALGORITHM, true, ['verify']),
    signature: new Uint8Array(SIGNATURE_BYTES),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth, x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: uri }]),
    ],
  });
  return signed(new Uint8Array(draft.rawData), sign);
}

/** A P-256 private key: uniform below the order of the curve, to within 2^-32: all but one in 2^32 strings of 32 bytes are below it, and that one is drawn again. */
export function newP256Secret(): Uint8Array {
  for (;;) {
    const secret = systemRng.bytes(32);
    if (secret.subarray(0, 4).some((byte) => byte !== 0xff)) return secret;
  }
}

/** PKCS #8 of a P-256 private key. */
export function tlsKeyPem(secret: Uint8Array): string {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(secret);
  const point = new Uint8Array(ecdh.getPublicKey());
  const key = createPrivateKey({ key: { kty: 'EC', crv: 'P-256', d: toBase64Url(secret), x: toBase64Url(point.subarray(1, 33)), y: toBase64Url(point.subarray(33)) }, format: 'jwk' });
  return key.export({ format: 'pem', type: 'pkcs8' }) as string;
}

const anchorName = (identityKey: Uint8Array): string => `CN=boop identity ${Buffer.from(identityKey).toString('hex')}`;

async function identityPublicKey(identityKey: Uint8Array): Promise<CryptoKey> {
  return await crypto.subtle.importKey('spki', new Uint8Array(concatBytes(ED25519_SPKI, identityKey)), IDENTITY_ALGORITHM, true, ['verify']);
}

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, BIT STRING }: the signature is its last 64 bytes. */
function signed(der: Uint8Array, sign: (bytes: Uint8Array) => Uint8Array): string {
  const start = der.length - contentLength(der, 0);
  const end = start + elementLength(der, start);
  const certificate = der.slice();
  certificate.set(sign(der.slice(start, end)), der.length - SIGNATURE_BYTES);
  return x509.PemConverter.encode(certificate, x509.PemConverter.CertificateTag);
}

/** Length of the content of a DER element (X.690 section 8.1.3). */
function contentLength(der: Uint8Array, at: number): number {
  const first = der[at + 1]!;
  if (first < 0x80) return first;
  return der.subarray(at + 2, at + 2 + (first & 0x7f)).reduce((sum, byte) => sum * 256 + byte, 0);
}

function elementLength(der: Uint8Array, at: number): number {
  const first = der[at + 1]!;
  return 2 + (first < 0x80 ? 0 : first & 0x7f) + contentLength(der, at);
}
