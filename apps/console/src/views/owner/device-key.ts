import { consentGrantDomain, consentRevocationDomain, type SignedPasskey, SigningKey } from '@boop/identity';
import { type OwnerSigner, signerWithPasskey, webCryptoSigner } from '@boop/sdk';
import { concatBytes, fromHex } from '@boop/shared';
import { askPasskey } from './passkey.ts';

/** PKCS#8 (RFC 8410) of an Ed25519 key, up to its 32 secret bytes. */
const pkcs8Head = fromHex('302e020100300506032b657004220420');
const database = 'boop-owner';
const store = 'keys';
const current = 'account';
const enrolled = 'passkey';
/** What a passkey signs where there is one. */
const byPasskey: ReadonlySet<string> = new Set([consentGrantDomain, consentRevocationDomain]);

interface KeptKey {
  readonly accountKey: string;
  /** Not extractable: the page signs with it and can't read it. */
  readonly privateKey: CryptoKey;
}

/** A new account key. Its secret is in this page's memory until `keep` has handed it to the browser; then it is overwritten. */
export function createAccountKey(): { readonly key: SigningKey; keep(): Promise<void> } {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const key = SigningKey.fromSecret(secret);
  return {
    key,
    async keep() {
      const encoded = concatBytes(pkcs8Head, secret) as Uint8Array<ArrayBuffer>;
      try {
        const privateKey = await crypto.subtle.importKey('pkcs8', encoded, 'Ed25519', false, ['sign']);
        await write({ accountKey: key.publicKey, privateKey });
        await forgetPasskey();
      } finally {
        encoded.fill(0);
        secret.fill(0);
      }
    },
  };
}

export interface KeptSigners {
  /** The account key. */
  readonly device: OwnerSigner;
  /** The passkey for consents, where one is enrolled, and the account key for the rest. */
  readonly signer: OwnerSigner;
}

/** Sign with what this browser keeps; undefined when it keeps no key. */
export async function keptSigners(): Promise<KeptSigners | undefined> {
  const kept = await read();
  if (!kept) return undefined;
  const device = webCryptoSigner(kept.accountKey, kept.privateKey);
  const passkey = async (): Promise<OwnerSigner | undefined> => {
    const found = await keptPasskey(kept.accountKey);
    return found && askPasskey(found);
  };
  return { device, signer: signerWithPasskey(device, byPasskey, passkey) };
}

/** The passkey that is enrolled for an account, as long as it counts. */
export async function keptPasskey(accountKey: string): Promise<SignedPasskey | undefined> {
  const found = await inStore('readonly', (keys) => keys.get(enrolled) as IDBRequest<SignedPasskey | undefined>);
  return found?.record.accountKey === accountKey && Date.now() / 1000 < found.record.expiresAt ? found : undefined;
}
export const keepPasskey = (passkey: SignedPasskey): Promise<void> => inStore('readwrite', (keys) => keys.put(passkey, enrolled)).then(() => undefined);
export const forgetPasskey = (): Promise<void> => inStore('readwrite', (keys) => keys.delete(enrolled)).then(() => undefined);

const write = (kept: KeptKey): Promise<void> => inStore('readwrite', (keys) => keys.put(kept, current)).then(() => undefined);
const read = (): Promise<KeptKey | undefined> => inStore('readonly', (keys) => keys.get(current) as IDBRequest<KeptKey | undefined>);

async function inStore<T>(mode: IDBTransactionMode, work: (keys: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const opening = indexedDB.open(database, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(store);
  const opened = await settled(opening);
  try {
    return await settled(work(opened.transaction(store, mode).objectStore(store)));
  } finally {
    opened.close();
  }
}

const settled = <T,>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the browser keeps no data'));
  });
