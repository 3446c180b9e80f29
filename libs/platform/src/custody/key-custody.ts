/**
 * Where a node's long-lived keys live. An adapter may be a folder, a PKCS#11 token or a cloud HSM; callers see operations, and key
 * bytes only where an algorithm outside the adapter needs them.
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
  /** A fresh copy of the X25519 private key, 32 bytes, in the form of RFC 9180 SerializePrivateKey. */
  hpkePrivateKey(): Uint8Array;
  /** Wraps a 32-byte data key under the master key; `context` names its use and must be given again to unwrap. */
  wrapDataKey(dataKey: Uint8Array, context: string): Uint8Array;
  /** @throws BoopError `store.tampered` on another master key, context or altered bytes. */
  unwrapDataKey(wrapped: Uint8Array, context: string): Uint8Array;
  /** Zeroes what the adapter holds in memory; no operation works afterwards. */
  destroy(): void;
}
