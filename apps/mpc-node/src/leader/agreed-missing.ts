import { type MissingAttributes, missingAttributesBytes, type MissingSubject } from '@boop/protocol';
import { fromBase64Url, type PartyId } from '@boop/shared';
import { type PeerAnswer } from '../link/peer-methods.ts';
import { type MemberVerifier } from '../sessions/certified.ts';

/**
 * The list of missing attributes that t+1 nodes have signed alike, if there is one: honest nodes may differ for a moment while a record is written, and then the reason
 * stands alone. With 2t+1 answers no two lists can be agreed upon.
 */
export function agreedMissing(members: MemberVerifier, threshold: number, subject: MissingSubject, answers: readonly (readonly [PartyId, Pick<PeerAnswer<'decision.reject'>, 'missing'>])[]): MissingAttributes | undefined {
  const lists = new Map<string, MissingAttributes>();
  for (const [party, { missing }] of answers) {
    if (!missing || !members.verify(party, missingAttributesBytes(subject, missing.names), fromBase64Url(missing.signature))) continue;
    const list = lists.get(missing.names.join()) ?? { names: missing.names, signatures: [] };
    list.signatures.push({ party, signature: missing.signature });
    lists.set(missing.names.join(), list);
  }
  return [...lists.values()].find(({ signatures }) => signatures.length > threshold);
}
