/**
 * Where a node's long-lived keys live, as the rest of the node sees it: operations, never private keys.
 *
 * Contract: keys are created once and survive restarts; every operation is synchronous, local and free of side effects on
 * the network; failures are BoopError `custody.*` of kind fatal.
 */
export interface KeyCustody {
  /** Ed25519 (RFC 8032) public key that names this node in match statements and the manifest, 32 bytes. */
  readonly identityPublicKey: Uint8Array;
  /** Ed25519 signature by the identity key, 64 bytes. The caller separates domains. */
  signIdentity(message: Uint8Array): Uint8Array;
  /** X25519 public key to which shares are sealed (RFC 9180, DHKEM(X25519, HKDF-SHA256)), 32 bytes. */
  readonly hpkePublicKey: Uint8Array;
  /** X25519 (RFC 7748) of the HPKE key and a sender's public key, 32 bytes, fresh at each call. @throws BoopError `custody.refused` for a point of small order */
  agreeHpke(publicKey: Uint8Array): Uint8Array;
  /** Wraps a 32-byte data key under the master key; `context` names its use and must be given again to unwrap. */
  wrapDataKey(dataKey: Uint8Array, context: string): Uint8Array;
  /** @throws BoopError `store.tampered` on another master key, context or altered bytes. */
  unwrapDataKey(wrapped: Uint8Array, context: string): Uint8Array;
  /** Zeroes what the adapter holds in memory; no operation works afterwards. */
  destroy(): void;
}

/** Keys of which a node holds two while one follows another. */
export type KeyUse = 'identity' | 'hpke';

/** A custody with the keys of all epochs that this node serves: a folder or a PKCS#11 token. On its own it acts with the oldest key of each use. */
export interface NodeCustody extends KeyCustody {
  /** Public keys held for a use, in the order in which they were made. */
  publicKeys(use: KeyUse): Uint8Array[];
  /** Whether a key is held, also one that another process made since this custody was opened. */
  holds(use: KeyUse, publicKey: Uint8Array): boolean;
  /** Makes one more key. It serves once a manifest names it. @returns its public key */
  createKey(use: KeyUse): Uint8Array;
  /** @throws BoopError `custody.unknown-key`, `custody.refused` for the only key of its use */
  eraseKey(use: KeyUse, publicKey: Uint8Array): void;
  /** The same custody acting with the keys that a manifest names. @throws BoopError `custody.unknown-key` */
  withKeys(keys: { identity: Uint8Array; hpke: Uint8Array }): KeyCustody;
}
