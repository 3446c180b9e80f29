import { type AuthenticationContext, idTokenClaims, pairwiseInput, pairwiseSub, tokenSigningInput } from '@boop/identity';
import { type LogEntry, logEntryBytes, logEntryHash } from '@boop/protocol';
import { opensslArithmetic as arithmetic } from '@boop/platform';
import { type PartyId } from '@boop/shared';
import { type KeyShare, prfCombine, PrfInput } from '@boop/threshold';
import { type SessionView } from '../sessions/certified.ts';

/** What a node knows of an accepted authentication before it signs; from its own session, gallery and clock check. */
export interface TokenFacts {
  readonly view: SessionView;
  readonly context: AuthenticationContext;
  readonly splitAt: 'edge' | 'gateway';
  /** Subject that the node's own gallery names for the row. */
  readonly subjectId: Uint8Array;
  readonly verified: boolean;
  readonly authTime: number;
}

/** Input of the pairwise PRF for these facts. */
export const pairwiseInputOf = ({ view, subjectId, context }: Pick<TokenFacts, 'view' | 'subjectId' | 'context'>): PrfInput =>
  new PrfInput(pairwiseInput(view.networkId, subjectId, context.sector));

/**
 * Rebuilds the token's signing input and its log entry: equal facts give equal bytes at every node.
 * @param partials PRF partials of at least 2t+1 nodes; each proof is verified but that of `own`
 * @param input as of {@link pairwiseInputOf} for these facts, where the caller has it
 * @throws ThresholdFault `prf.bad-partial` naming the parties
 */
export function tokenMessage(
  facts: TokenFacts,
  keys: { prf: KeyShare; token: KeyShare },
  partials: ReadonlyMap<PartyId, Uint8Array>,
  { own, input = pairwiseInputOf(facts) }: { own?: { party: PartyId; partial: Uint8Array }; input?: PrfInput } = {},
): { signingInput: Uint8Array; entry: Uint8Array } {
  const { view, context, splitAt, verified, authTime } = facts;
  const sub = pairwiseSub(prfCombine(keys.prf.group, input, partials, { arithmetic, own }));
  const assurance = { modality: 'palm', nodes: view.nodes, threshold: view.threshold, verified } as const;
  const claims = idTokenClaims({ context, sub, assurance, splitAt, epoch: view.epoch, authTime });
  const signingInput = tokenSigningInput(claims, keys.token.group.publicKey);
  return { signingInput, entry: authenticationEntry(view, authTime, { verified, signingInput }) };
}

/** The log's entry of an authentication, accepted when there is a token. */
export function authenticationEntry(view: SessionView, time: number, accepted?: { verified: boolean; signingInput: Uint8Array }): Uint8Array {
  const { networkId, epoch, sessionId } = view;
  const common = { v: 1, networkId, epoch, time, kind: 'authentication', session: sessionId } as const;
  const entry: LogEntry = accepted
    ? { ...common, decision: 'accepted', verified: accepted.verified, token: logEntryHash(accepted.signingInput) }
    : { ...common, decision: 'rejected', verified: false };
  return logEntryBytes(entry);
}
