import { concatBytes, equalBytes, type PartyId } from '@boop/shared';
import { type GroupArithmetic } from './arithmetic.ts';
import { type GroupKey } from './group-key.ts';
import { groupOf } from './suites.ts';

/** What RFC 9591 section 5.2 derives from the commitments and the message, the same at every signer. Public. */
export interface SigningPackage {
  readonly groupCommitment: Uint8Array;
  readonly challenge: bigint;
  readonly bindingFactors: ReadonlyMap<PartyId, bigint>;
}

/**
 * @param commitments hiding ‖ binding element of each signer, lengths checked
 * @param own commitment of the caller, which needs no check of its order
 * @throws RangeError on an invalid element
 */
export function signingPackage(
  group: GroupKey,
  commitments: ReadonlyMap<PartyId, Uint8Array>,
  message: Uint8Array,
  arithmetic: GroupArithmetic,
  own?: { readonly party: PartyId; readonly commitment: Uint8Array },
): SigningPackage {
  const { scalars, hashes, groupCommitment: sum } = groupOf(group.suite);
  const list = [...commitments].sort(([a], [b]) => a - b);
  const identifiers = list.map(([party]) => scalars.toBytes(BigInt(party)));
  // Sections 4.3 and 4.4: an element's encoding is canonical, or it is refused below.
  const commitmentHash = hashes.h5(concatBytes(...list.flatMap(([, bytes], at) => [identifiers[at]!, bytes])));
  const prefix = concatBytes(group.publicKey, hashes.h4(message), commitmentHash);
  const bindingFactors = new Map(list.map(([party], at) => [party, hashes.h1(concatBytes(prefix, identifiers[at]!))]));
  const trusted = own && equalBytes(commitments.get(own.party)!, own.commitment) ? own.party : undefined;
  const terms = list.map(([party, bytes]) => ({ party, hiding: bytes.slice(0, bytes.length / 2), binding: bytes.slice(bytes.length / 2), factor: bindingFactors.get(party)! }));
  const groupCommitment = sum(terms, trusted, arithmetic);
  return { groupCommitment, challenge: hashes.h2(concatBytes(groupCommitment, group.publicKey, message)), bindingFactors };
}

/** RFC 9591 section 4.2: the Lagrange coefficient of a signer at zero. */
export function interpolatingValue(group: GroupKey, signers: Iterable<PartyId>, self: PartyId): bigint {
  const { scalars } = groupOf(group.suite);
  let [numerator, denominator] = [1n, 1n];
  for (const other of signers) {
    if (other === self) continue;
    numerator *= BigInt(other);
    denominator *= BigInt(other - self);
  }
  return scalars.mul(scalars.create(numerator), scalars.inv(scalars.create(denominator)));
}
