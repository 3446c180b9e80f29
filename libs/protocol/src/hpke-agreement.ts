import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8 } from '@boop/shared';
import { type CryptoKey, KDF_HKDF_SHA256, type Key, KEM_DHKEM_X25519_HKDF_SHA256 } from 'hpke';

const SECRET_BYTES = 32;
/** RFC 9180 section 4.1: "KEM" || I2OSP(kem_id, 2), with DHKEM(X25519, HKDF-SHA256) = 0x0020. */
const SUITE_ID = concatBytes(utf8('KEM'), Uint8Array.of(0x00, 0x20));
const VERSION = utf8('HPKE-v1');
const EMPTY = new Uint8Array(0);

/** A private key that stays where it is: all that comes from there is X25519 with a sender's public key. */
export class AgreementKey implements Key {
  readonly algorithm = { name: 'X25519' };
  readonly extractable = false;
  readonly type = 'private';
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly agree: (publicKey: Uint8Array) => Uint8Array;

  constructor(publicKey: Uint8Array, agree: (publicKey: Uint8Array) => Uint8Array) {
    this.publicKey = publicKey;
    this.agree = agree;
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
