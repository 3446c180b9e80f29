import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8 } from '@boop/shared';
import { AEAD_AES_256_GCM, CipherSuite, type CryptoKey, KDF_HKDF_SHA256, type Key, KEM_DHKEM_X25519_HKDF_SHA256 } from 'hpke';

const SECRET_BYTES = 32;
/** RFC 9180 section 4.1: "KEM" || I2OSP(kem_id, 2), with DHKEM(X25519, HKDF-SHA256) = 0x0020. */
const SUITE_ID = concatBytes(utf8('KEM'), Uint8Array.of(0x00, 0x20));
const VERSION = utf8('HPKE-v1');
const EMPTY = new Uint8Array(0);

/** Opens AES-256-GCM (NIST SP 800-38D), 96-bit nonce, 128-bit tag at the end. @throws unless it was sealed under these */
export type OpenAesGcm = (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array) => Uint8Array;

/** A private key that stays where it is: all that comes from there is X25519 with a sender's public key. */
export class AgreementKey implements Key {
  readonly algorithm = { name: 'X25519' };
  readonly extractable = false;
  readonly type = 'private';
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly agree: (publicKey: Uint8Array) => Uint8Array;
  readonly suite: CipherSuite;

  /** @param open by a library of the platform; Web Cryptography, with its jobs on other threads, where there is none */
  constructor(publicKey: Uint8Array, agree: (publicKey: Uint8Array) => Uint8Array, open?: OpenAesGcm) {
    this.publicKey = publicKey;
    this.agree = agree;
    this.suite = open ? new CipherSuite(dhkemX25519, hkdfSha256, aesGcmBy(open)) : hpkeSuite;
  }
}

const base = KEM_DHKEM_X25519_HKDF_SHA256();

/** DHKEM(X25519, HKDF-SHA256) of RFC 9180 section 4.1 that also decapsulates for an {@link AgreementKey}. */
export const dhkemX25519: typeof KEM_DHKEM_X25519_HKDF_SHA256 = () => ({
  ...base,
  async Decap(enc: Uint8Array, privateKey: CryptoKey | AgreementKey, publicKey: CryptoKey | undefined): Promise<Uint8Array> {
    if (!(privateKey instanceof AgreementKey)) return await base.Decap(enc, privateKey, publicKey);
    const prk = labeledExtract('eae_prk', privateKey.agree(enc));
    return labeledExpand(prk, 'shared_secret', concatBytes(enc, privateKey.publicKey));
  },
});

const labeledExtract = (label: string, secret: Uint8Array): Uint8Array => extract(sha256, concatBytes(VERSION, SUITE_ID, utf8(label), secret), EMPTY);

const labeledExpand = (prk: Uint8Array, label: string, info: Uint8Array): Uint8Array =>
  expand(sha256, prk, concatBytes(Uint8Array.of(0, SECRET_BYTES), VERSION, SUITE_ID, utf8(label), info), SECRET_BYTES);

const baseKdf = KDF_HKDF_SHA256();

/** HKDF-SHA256 (RFC 5869) without Web Cryptography, whose jobs on other threads take far longer than the hashing of the few bytes that HPKE derives its keys from. */
export const hkdfSha256: typeof KDF_HKDF_SHA256 = () => ({
  ...baseKdf,
  Extract: async (salt: Uint8Array, secret: Uint8Array) => extract(sha256, secret, salt),
  Expand: async (prk: Uint8Array, info: Uint8Array, length: number) => expand(sha256, prk, info, length),
});

const aesGcmBy = (open: OpenAesGcm): typeof AEAD_AES_256_GCM => () => ({ ...AEAD_AES_256_GCM(), Open: async (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array) => open(key, nonce, aad, ciphertext) });

/** RFC 9180: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. */
export const hpkeSuite = new CipherSuite(dhkemX25519, hkdfSha256, AEAD_AES_256_GCM);

/** Where what was sealed to this key is opened. */
export const suiteOf = (key: CryptoKey | AgreementKey): CipherSuite => (key instanceof AgreementKey ? key.suite : hpkeSuite);
