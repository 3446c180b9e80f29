import { subsets } from '@boop/field';
import { type PartyId } from '@boop/shared';
import { checkParameters, type SharingParameters } from '../committee.ts';

/** Nodes of whom at least one lied, as long as whoever drew it up is honest. */
export type Accusation = readonly PartyId[];

export interface Verdict {
  /** Lied, if at most t nodes lie: in every set of t nodes that explains all accusations. */
  readonly named: readonly PartyId[];
  /** In some set of at most t nodes that explains all of them and has nobody to spare. One of them lied. */
  readonly suspects: readonly PartyId[];
}

/**
 * Who lied, given that at most t nodes do: the liars meet every accusation, so a node is named when each set of at most t nodes
 * that meets them all contains it. No honest node is named as long as every accusation holds a liar. Where more than t nodes must
 * have lied nothing can be said, and nobody is named.
 */
export function nameLiars({ nodes, threshold }: SharingParameters, accusations: readonly Accusation[]): Verdict {
  checkParameters({ nodes, threshold });
  if (accusations.length === 0) return { named: [], suspects: [] };
  const all = Array.from({ length: nodes }, (_, i) => (i + 1) as PartyId);
  const explains = (liars: readonly PartyId[]): boolean => accusations.every((accused) => accused.some((party) => liars.includes(party)));
  const explanations = Array.from({ length: threshold }, (_, i) => subsets(all, i + 1).filter(explains)).flat();
  if (explanations.length === 0) return { named: [], suspects: [] };
  const least = explanations.filter((liars) => liars.every((party) => !explains(liars.filter((other) => other !== party))));
  return {
    named: all.filter((party) => explanations.every((liars) => liars.includes(party))),
    suspects: all.filter((party) => least.some((liars) => liars.includes(party))),
  };
}

/** Honest committees agree: of two that decided one question differently, one has a liar. */
export function disagreements<Answer>(decisions: readonly { readonly committee: readonly PartyId[]; readonly answer: Answer }[]): Accusation[] {
  return decisions.flatMap((a, i) => decisions.slice(i + 1).flatMap((b) => (a.answer === b.answer ? [] : [[...new Set([...a.committee, ...b.committee])]])));
}
