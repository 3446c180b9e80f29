import { BoopError, type PartyId, lengthPrefixed, toHex, utf8 } from '@boop/shared';
import { expand } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { type Holding } from './holding.ts';
import { KeyStream, type Prf } from './prf.ts';

/** Bounds what a member remembers; then it agrees on new keys. */
const CLAIMS_MAX = 1 << 20;
const ID_BYTES = 16;

/**
 * The 32-byte keys of the replicated components that one party holds, among any n ≥ 2t + 1 holders. In memory only: keys and
 * the list of used ids live and die together, so that no stream is ever read twice, whatever ids a leader proposes.
 */
export class HolderKeys {
  readonly holding: Holding;
  readonly #keys: readonly Uint8Array[];
  readonly #claimed = new Set<string>();
  #wiped = false;

  /** @param keys one per component held by `holding.self`, in the order of `holding.held` */
  constructor(holding: Holding, keys: readonly Uint8Array[]) {
    this.holding = holding;
    if (keys.length !== holding.held.length || keys.some((key) => key.length !== 32)) {
      throw new BoopError('keys.malformed', 'one 32-byte key per held component', { kind: 'fatal' });
    }
    this.#keys = keys;
  }

  /**
   * Streams of one run, one per held component: key = HKDF-Expand with SHA-256 (RFC 5869, 3.3: the component's key is uniform,
   * so Extract is skipped) for info = purpose and id, read from block 0. Each (purpose, id) is served once: BoopError `keys.reused` (rejected) afterwards, `keys.exhausted`
   * (unavailable) after 2^20 ids.
   */
  streams(purpose: string, id: Uint8Array, prf: Prf): KeyStream[] {
    if (id.length !== ID_BYTES) throw new BoopError('keys.malformed-id', 'a run is named by 16 bytes', { kind: 'fatal' });
    if (this.#wiped) throw new BoopError('keys.wiped', 'these keys are gone', { kind: 'unavailable' });
    const claim = `${purpose}/${toHex(id)}`;
    if (this.#claimed.has(claim)) throw new BoopError('keys.reused', 'this id was used before under these keys');
    if (this.#claimed.size >= CLAIMS_MAX) throw new BoopError('keys.exhausted', 'agree on new keys', { kind: 'unavailable' });
    this.#claimed.add(claim);
    const info = lengthPrefixed(utf8('boop/mpc/stream/v1'), utf8(purpose), id);
    return this.#keys.map((key) => new KeyStream(prf, expand(sha256, key, info, 32)));
  }

  /** Throws BoopError `keys.mismatch` unless these are the keys of that party among those holders. */
  checkHolders(self: PartyId, parties: readonly PartyId[], threshold: number): Holding {
    const { holding } = this;
    const same = holding.self === self && holding.threshold === threshold && holding.parties.join() === parties.join();
    if (!same) throw new BoopError('keys.mismatch', 'keys of other holders', { kind: 'fatal' });
    return holding;
  }

  /** Ends the use of these keys: `streams` throws BoopError `keys.wiped` from here on. */
  wipe(): void {
    this.#wiped = true;
    this.#claimed.clear();
    for (const key of this.#keys) key.fill(0);
  }

  toJSON(): string {
    return '[secret]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]';
  }
}
