import { type FrostSecret } from '@noble/curves/abstract/frost.js';
import { BoopError, concatBytes, partyId, type PartyId } from '@boop/shared';
import { ByteReader } from './codec.ts';
import { frostPublic, type GroupKey, identifierOf, readGroupKey, serializeGroupKey } from './group-key.ts';
import { groupOf } from './suites.ts';

const VERSION = 1;
const MALFORMED = 'threshold.malformed-key-share';

let signingShareOf: (share: KeyShare) => Uint8Array;

/**
 * One party's share of a group key. The secret scalar is a private field: it is in no printout, JSON or structured
 * clone; {@link KeyShare.serialize} is the only way out and is meant for encrypted storage alone.
 */
export class KeyShare {
  readonly group: GroupKey;
  readonly self: PartyId;
  readonly #signingShare: Uint8Array;
  #wiped = false;

  static {
    signingShareOf = (share) => {
      if (share.#wiped) throw new BoopError('threshold.share-wiped', 'the key share was wiped', { kind: 'fatal' });
      return share.#signingShare;
    };
  }

  /** Takes a copy of the scalar; throws `threshold.malformed-key-share` unless it is the share that the group's commitments promise. */
  constructor(group: GroupKey, self: PartyId, signingShare: Uint8Array) {
    try {
      if (!group.parties.includes(self)) throw new RangeError('not a party of this key');
      groupOf(group.suite).frost.validateSecret({ identifier: identifierOf(group, self), signingShare } as FrostSecret, frostPublic(group));
    } catch {
      throw new BoopError(MALFORMED, 'the share does not belong to this key and party');
    }
    this.group = group;
    this.self = self;
    this.#signingShare = signingShare.slice();
  }

  /** Secret bytes: version, party, group key, scalar. */
  serialize(): Uint8Array {
    return concatBytes(Uint8Array.of(VERSION, this.self), serializeGroupKey(this.group), signingShareOf(this));
  }

  /** Inverse of {@link KeyShare.serialize}; throws `threshold.malformed-key-share`, also when the scalar does not fit the group key. */
  static parse(bytes: Uint8Array): KeyShare {
    const reader = new ByteReader(bytes, MALFORMED);
    if (reader.uint8() !== VERSION) reader.fail();
    const self = reader.uint8();
    if (self === 0) reader.fail();
    const group = readGroupKey(reader);
    const scalar = reader.take(groupOf(group.suite).scalarBytes);
    reader.end();
    const share = new KeyShare(group, partyId(self), scalar);
    scalar.fill(0);
    return share;
  }

  /** Overwrites the secret; every later use throws `threshold.share-wiped`. */
  wipe(): void {
    this.#signingShare.fill(0);
    this.#wiped = true;
  }

  toString(): string {
    return `KeyShare(${this.group.name}, epoch ${this.group.epoch}, party ${this.self})`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

export const frostSecret = (share: KeyShare): FrostSecret =>
  ({ identifier: identifierOf(share.group, share.self), signingShare: signingShareOf(share) }) as FrostSecret;

export { signingShareOf };
