import { randomBytes } from 'node:crypto';
import type pkcs11 from 'pkcs11js';
import { BoopError, concatBytes, utf8 } from '@boop/shared';
import { custodyOver, type HeldKey } from './held-keys.ts';
import { type KeyUse, type NodeCustody } from './key-custody.ts';
import { openPkcs11, type Pkcs11Session, tokenError } from './pkcs11-session.ts';

/** PKCS#11 3.0, which the binding does not name. */
const CKM_EC_EDWARDS_KEY_PAIR_GEN = 0x1055;
const CKM_EC_MONTGOMERY_KEY_PAIR_GEN = 0x1056;
const CKM_EDDSA = 0x1057;

/** DER of the curves' object identifiers (RFC 8410). */
const ED25519 = Buffer.from('06032b6570', 'hex');
const X25519 = Buffer.from('06032b656e', 'hex');

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const WRAPPED_VERSION = 2;
const NONCE_BYTES = 12;
const TAG_BITS = 128;
const MASTER_LABEL = 'boop-master';

interface TokenKey extends HeldKey {
  readonly privateHandle: pkcs11.Handle;
  readonly publicHandle: pkcs11.Handle;
}

/**
 * Keys in a PKCS#11 token, one node a token: Ed25519 identity (CKM_EDDSA), X25519 HPKE key (CKM_ECDH1_DERIVE), AES-256 master key (CKM_AES_GCM). All are made
 * in the token, sensitive and not extractable; what leaves it are signatures, agreed secrets and wrapped data keys.
 *
 * Data keys are wrapped by encryption, since the node needs them in the clear: AES-GCM with a random 96-bit nonce, at most 2^32 under one master key.
 * @throws BoopError `custody.pkcs11-missing`, `custody.token-missing`, `custody.wrong-pin`, `custody.token-failed`
 */
export async function openPkcs11Custody(settings: { module: string; token: string; pin: string }): Promise<NodeCustody> {
  const opened = await openPkcs11(settings);
  try {
    const master = findOne(opened, opened.library.CKO_SECRET_KEY, MASTER_LABEL) ?? createMaster(opened);
    return custodyOver<TokenKey>({
      list: (use) => guarded(() => listKeys(opened, use)),
      create: (use, ordinal) => guarded(() => createKey(opened, use, ordinal)),
      erase: (_use, { privateHandle, publicHandle }) => guarded(() => [privateHandle, publicHandle].forEach((handle) => opened.token.C_DestroyObject(opened.session, handle))),
      sign: (key, message) => guarded(() => sign(opened, key, message)),
      agree: (key, publicKey) => agree(opened, key, publicKey),
      wrap: (dataKey, context) => guarded(() => wrap(opened, master, dataKey, context)),
      unwrap: (wrapped, context) => unwrap(opened, master, wrapped, context),
      close: () => opened.close(),
    });
  } catch (error) {
    opened.close();
    throw tokenError(error);
  }
}

function guarded<T>(operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw tokenError(error);
  }
}

const labelOf = (use: KeyUse): string => `boop-${use}`;

function createMaster({ library, token, session }: Pkcs11Session): pkcs11.Handle {
  return token.C_GenerateKey(session, { mechanism: library.CKM_AES_KEY_GEN }, [
    { type: library.CKA_LABEL, value: MASTER_LABEL },
    { type: library.CKA_VALUE_LEN, value: KEY_BYTES },
    { type: library.CKA_TOKEN, value: true },
    { type: library.CKA_PRIVATE, value: true },
    { type: library.CKA_SENSITIVE, value: true },
    { type: library.CKA_EXTRACTABLE, value: false },
    { type: library.CKA_ENCRYPT, value: true },
    { type: library.CKA_DECRYPT, value: true },
  ]);
}

function createKey(opened: Pkcs11Session, use: KeyUse, ordinal: number): TokenKey {
  const { library, token, session } = opened;
  const own = [
    { type: library.CKA_LABEL, value: labelOf(use) },
    { type: library.CKA_ID, value: Buffer.from([ordinal >> 8, ordinal & 0xff]) },
    { type: library.CKA_TOKEN, value: true },
  ];
  const publicTemplate = [...own, { type: library.CKA_EC_PARAMS, value: use === 'identity' ? ED25519 : X25519 }, ...(use === 'identity' ? [{ type: library.CKA_VERIFY, value: true }] : [])];
  const privateTemplate = [
    ...own,
    { type: library.CKA_PRIVATE, value: true },
    { type: library.CKA_SENSITIVE, value: true },
    { type: library.CKA_EXTRACTABLE, value: false },
    { type: library.CKA_SIGN, value: use === 'identity' },
    { type: library.CKA_DERIVE, value: use === 'hpke' },
    { type: library.CKA_DECRYPT, value: false },
    { type: library.CKA_UNWRAP, value: false },
  ];
  const generate = (mechanism: number) => token.C_GenerateKeyPair(session, { mechanism }, publicTemplate, privateTemplate);
  const pair = use === 'identity' ? generate(CKM_EC_EDWARDS_KEY_PAIR_GEN) : generateX25519(generate);
  return { ordinal, privateHandle: pair.privateKey, publicHandle: pair.publicKey, publicKey: publicKeyOf(opened, pair.publicKey) };
}

/** SoftHSM 2.6 knows Montgomery curves under the Edwards mechanism only. */
function generateX25519<Pair>(generate: (mechanism: number) => Pair): Pair {
  try {
    return generate(CKM_EC_MONTGOMERY_KEY_PAIR_GEN);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes('CKR_MECHANISM_INVALID')) throw error;
    return generate(CKM_EC_EDWARDS_KEY_PAIR_GEN);
  }
}

function listKeys(opened: Pkcs11Session, use: KeyUse): TokenKey[] {
  const { library } = opened;
  const publics = new Map(find(opened, library.CKO_PUBLIC_KEY, labelOf(use)).map((handle) => [ordinalOf(opened, handle), handle]));
  const keys = find(opened, library.CKO_PRIVATE_KEY, labelOf(use)).flatMap((privateHandle): TokenKey[] => {
    const ordinal = ordinalOf(opened, privateHandle);
    const publicHandle = publics.get(ordinal);
    return publicHandle ? [{ ordinal, privateHandle, publicHandle, publicKey: publicKeyOf(opened, publicHandle) }] : [];
  });
  return keys.sort((a, b) => a.ordinal - b.ordinal);
}

function find({ library, token, session }: Pkcs11Session, type: number, label: string): pkcs11.Handle[] {
  token.C_FindObjectsInit(session, [
    { type: library.CKA_CLASS, value: type },
    { type: library.CKA_LABEL, value: label },
  ]);
  try {
    return token.C_FindObjects(session, 1_000);
  } finally {
    token.C_FindObjectsFinal(session);
  }
}

const findOne = (opened: Pkcs11Session, type: number, label: string): pkcs11.Handle | undefined => find(opened, type, label)[0];

function attribute({ token, session }: Pkcs11Session, handle: pkcs11.Handle, type: number): Uint8Array {
  return new Uint8Array(token.C_GetAttributeValue(session, handle, [{ type }])[0]!.value as Buffer);
}

function ordinalOf(opened: Pkcs11Session, handle: pkcs11.Handle): number {
  const id = attribute(opened, handle, opened.library.CKA_ID);
  return (id[0]! << 8) | id[1]!;
}

/** CKA_EC_POINT is the bare point or a DER OCTET STRING of it, as modules have read the standard. */
function publicKeyOf(opened: Pkcs11Session, handle: pkcs11.Handle): Uint8Array {
  const point = attribute(opened, handle, opened.library.CKA_EC_POINT);
  return point.slice(point.length - KEY_BYTES);
}

function sign({ token, session }: Pkcs11Session, { privateHandle }: TokenKey, message: Uint8Array): Uint8Array {
  token.C_SignInit(session, { mechanism: CKM_EDDSA }, privateHandle);
  return new Uint8Array(token.C_Sign(session, Buffer.from(message), Buffer.alloc(SIGNATURE_BYTES)));
}

function agree(opened: Pkcs11Session, { privateHandle }: TokenKey, publicKey: Uint8Array): Uint8Array {
  const { library, token, session } = opened;
  let secret: pkcs11.Handle;
  try {
    secret = token.C_DeriveKey(session, { mechanism: library.CKM_ECDH1_DERIVE, parameter: { type: library.CK_PARAMS_EC_DH, kdf: library.CKD_NULL, publicData: Buffer.from(publicKey) } as pkcs11.ECDH1 }, privateHandle, [
      { type: library.CKA_CLASS, value: library.CKO_SECRET_KEY },
      { type: library.CKA_KEY_TYPE, value: library.CKK_GENERIC_SECRET },
      { type: library.CKA_VALUE_LEN, value: KEY_BYTES },
      { type: library.CKA_TOKEN, value: false },
      { type: library.CKA_SENSITIVE, value: false },
      { type: library.CKA_EXTRACTABLE, value: true },
    ]);
  } catch {
    throw new BoopError('custody.refused', 'no secret can be agreed with this public key', { kind: 'fatal' });
  }
  return guarded(() => {
    const agreed = attribute(opened, secret, library.CKA_VALUE);
    token.C_DestroyObject(session, secret);
    // RFC 7748 section 6.1: not every module refuses points of small order.
    if (agreed.every((byte) => byte === 0)) throw new BoopError('custody.refused', 'no secret can be agreed with this public key', { kind: 'fatal' });
    return agreed;
  });
}

const gcm = (library: Pkcs11Session['library'], nonce: Uint8Array, context: string): pkcs11.Mechanism => ({
  mechanism: library.CKM_AES_GCM,
  parameter: { type: library.CK_PARAMS_AES_GCM_v240, iv: Buffer.from(nonce), ivBits: NONCE_BYTES * 8, aad: Buffer.from(utf8(`boop/custody/v1/data-key/${context}`)), tagBits: TAG_BITS } as pkcs11.AesGCM,
});

function wrap({ library, token, session }: Pkcs11Session, master: pkcs11.Handle, dataKey: Uint8Array, context: string): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  token.C_EncryptInit(session, gcm(library, nonce, context), master);
  const sealed = token.C_Encrypt(session, Buffer.from(dataKey), Buffer.alloc(KEY_BYTES + TAG_BITS / 8));
  return concatBytes(Uint8Array.of(WRAPPED_VERSION), nonce, sealed);
}

function unwrap({ library, token, session }: Pkcs11Session, master: pkcs11.Handle, wrapped: Uint8Array, context: string): Uint8Array {
  try {
    if (wrapped.length !== 1 + NONCE_BYTES + KEY_BYTES + TAG_BITS / 8 || wrapped[0] !== WRAPPED_VERSION) throw new RangeError('another form');
    token.C_DecryptInit(session, gcm(library, wrapped.subarray(1, 1 + NONCE_BYTES), context), master);
    const dataKey = token.C_Decrypt(session, Buffer.from(wrapped.subarray(1 + NONCE_BYTES)), Buffer.alloc(wrapped.length));
    if (dataKey.length !== KEY_BYTES) throw new RangeError('another form');
    return new Uint8Array(dataKey);
  } catch {
    throw new BoopError('store.tampered', 'a stored row fails authentication', { kind: 'fatal' });
  }
}
