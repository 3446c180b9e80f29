import { BoopError, equalBytes } from '@boop/shared';
import { type KeyCustody, type KeyUse, type NodeCustody } from './key-custody.ts';

/** One key pair as an adapter holds it. */
export interface HeldKey {
  /** 1 for the first of its use; each later key has a higher one. */
  readonly ordinal: number;
  readonly publicKey: Uint8Array;
}

/** What an adapter does with keys; which of them serves is decided in {@link custodyOver}. */
export interface KeyOperations<Key extends HeldKey> {
  /** All keys of a use, in order of their ordinals. */
  list(use: KeyUse): Key[];
  create(use: KeyUse, ordinal: number): Key;
  erase(use: KeyUse, key: Key): void;
  sign(key: Key, message: Uint8Array): Uint8Array;
  agree(key: Key, publicKey: Uint8Array): Uint8Array;
  wrap(dataKey: Uint8Array, context: string): Uint8Array;
  unwrap(wrapped: Uint8Array, context: string): Uint8Array;
  close(): void;
}

const PUBLIC_KEY_BYTES = 32;
const DATA_KEY_BYTES = 32;

/** A node's custody over an adapter's keys; makes the first key of each use where there is none. */
export function custodyOver<Key extends HeldKey>(operations: KeyOperations<Key>): NodeCustody {
  const keys: Record<KeyUse, Key[]> = { identity: operations.list('identity'), hpke: operations.list('hpke') };
  for (const use of ['identity', 'hpke'] as const) if (keys[use].length === 0) keys[use].push(operations.create(use, 1));
  let destroyed = false;
  const alive = (): void => {
    if (destroyed) throw fatal('custody.destroyed', 'the key custody was closed');
  };
  const find = (use: KeyUse, publicKey: Uint8Array): Key => {
    const key = keys[use].find((held) => equalBytes(held.publicKey, publicKey));
    if (!key) throw fatal('custody.unknown-key', `this custody holds no such ${use} key`);
    return key;
  };
  const acting = (identity: () => Key, hpke: () => Key): KeyCustody => ({
    get identityPublicKey() {
      return identity().publicKey.slice();
    },
    get hpkePublicKey() {
      return hpke().publicKey.slice();
    },
    signIdentity(message) {
      alive();
      return operations.sign(identity(), message);
    },
    agreeHpke(publicKey) {
      alive();
      if (publicKey.length !== PUBLIC_KEY_BYTES) throw fatal('custody.refused', 'a public key has 32 bytes');
      return operations.agree(hpke(), publicKey);
    },
    wrapDataKey(dataKey, context) {
      alive();
      if (dataKey.length !== DATA_KEY_BYTES) throw fatal('custody.malformed', 'a data key has 32 bytes');
      return operations.wrap(dataKey, context);
    },
    unwrapDataKey(wrapped, context) {
      alive();
      return operations.unwrap(wrapped, context);
    },
    destroy() {
      if (!destroyed) operations.close();
      destroyed = true;
    },
  });
  const oldest = acting(() => keys.identity[0]!, () => keys.hpke[0]!);
  // Getters, since which key is the oldest changes.
  return Object.defineProperties({} as NodeCustody, {
    ...Object.getOwnPropertyDescriptors(oldest),
    ...Object.getOwnPropertyDescriptors({
      publicKeys: (use: KeyUse) => keys[use].map(({ publicKey }) => publicKey.slice()),
      holds(use: KeyUse, publicKey: Uint8Array) {
        alive();
        const held = (): boolean => keys[use].some((key) => equalBytes(key.publicKey, publicKey));
        if (held()) return true;
        keys[use] = operations.list(use);
        return held();
      },
      createKey(use: KeyUse) {
        alive();
        keys[use] = operations.list(use);
        const key = operations.create(use, keys[use].at(-1)!.ordinal + 1);
        keys[use].push(key);
        return key.publicKey.slice();
      },
      eraseKey(use: KeyUse, publicKey: Uint8Array) {
        alive();
        const key = find(use, publicKey);
        if (keys[use].length === 1) throw fatal('custody.refused', `the only ${use} key is not erased`);
        operations.erase(use, key);
        keys[use] = keys[use].filter((held) => held !== key);
      },
      withKeys({ identity, hpke }: { identity: Uint8Array; hpke: Uint8Array }) {
        const [identityKey, hpkeKey] = [find('identity', identity), find('hpke', hpke)];
        return acting(() => identityKey, () => hpkeKey);
      },
    }),
  });
}

const fatal = (code: string, message: string): BoopError => new BoopError(code, message, { kind: 'fatal' });
