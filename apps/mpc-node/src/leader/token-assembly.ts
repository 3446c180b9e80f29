import { type Logger, opensslArithmetic as arithmetic } from '@boop/platform';
import { assembleToken, pairwiseSub } from '@boop/identity';
import { entryReceiptBytes, type EntryReceipt } from '@boop/protocol';
import { BoopError, fromBase64Url, type PartyId } from '@boop/shared';
import { aggregate, prfCombine, ThresholdFault } from '@boop/threshold';
import { type Gallery } from '../gallery/gallery.ts';
import { type CertifiedStatement, type PeerAnswer } from '../link/peer-methods.ts';
import { type Peers } from '../link/peers.ts';
import { type MemberVerifier } from '../sessions/certified.ts';
import { byParty } from '../signing/decision-service.ts';
import { type KeyRing } from '../signing/key-ring.ts';
import { type Session } from '../sessions/session.ts';
import { pairwiseInputOf, tokenMessage } from '../signing/token-message.ts';
import { type Search } from './search.ts';
import { codeOf, type Led } from './session-lead.ts';
import { signersAmong } from './signers.ts';

const signTimeoutMs = 3_000;

export interface Accepted {
  readonly idToken: string;
  readonly entry: Uint8Array;
  readonly receipts: readonly EntryReceipt[];
}

export interface Decision {
  readonly verdicts: CertifiedStatement[];
  readonly row: number;
  readonly verified: boolean;
  readonly authTime: number;
}

/** Learns for whom a token would be; rejects to have none signed. */
export type Approve = (sub: string) => Promise<void>;

/** What each signer answered. */
type Prepared = readonly [PartyId, PeerAnswer<'token.prepare'>][];

/** A token that signers prepare about a candidate. */
export interface Preparation {
  readonly basis: CertifiedStatement;
  readonly authTime: number;
  readonly ready: Promise<Prepared>;
}

type TokenMessage = ReturnType<typeof tokenMessage>;

/** Some parties did not do their part in a signing attempt. */
class SignersFailed extends Error {
  readonly parties: readonly PartyId[];
  constructor(parties: readonly PartyId[]) {
    super('signers failed');
    this.parties = parties;
  }
}

/** Collects the token from 2t+1 nodes. This side only carries messages and adds up shares: it can't change what they sign. */
export class TokenAssembly {
  readonly #input: { peers: Peers; ring: KeyRing; gallery: Gallery; members: MemberVerifier; log: Logger; threshold: number };

  constructor(input: { peers: Peers; ring: KeyRing; gallery: Gallery; members: MemberVerifier; log: Logger; threshold: number }) {
    this.#input = input;
  }

  /**
   * Has 2t+1 signers prepare a token about a candidate that is still being confirmed, unless they did so when they named it: what they answer depends on nothing that is decided
   * about it. A failure shows when the token is assembled.
   */
  prepare(led: Led, basis: CertifiedStatement, { authTime, signers, preparedBy }: Search): Preparation {
    const ready = this.#prepare(led.session, basis, authTime, () => signers, preparedBy);
    ready.catch(() => undefined);
    return { basis, authTime, ready };
  }

  /**
   * One round with 2t+1 signers; when some fail, once more with others if there are enough, over the same message.
   * @param approve told the pairwise `sub` before anything is signed, once; nothing is unless it resolves
   * @throws BoopError `mpc.nodes-unavailable`, what `approve` throws, or the last failure
   */
  async assemble(led: Led, decision: Decision, preparation: Preparation, approve?: Approve): Promise<Accepted> {
    const { log, peers, threshold } = this.#input;
    const { basis, authTime } = preparation;
    const failed = new Set<PartyId>();
    let { ready } = preparation;
    let approval: Promise<void> | undefined;
    const once = approve && ((sub: string) => (approval ??= approve(sub)));
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#attempt(led, decision, await ready, once);
      } catch (error) {
        const parties = error instanceof SignersFailed ? error.parties : error instanceof ThresholdFault ? error.blame : [];
        if (parties.length === 0) throw error;
        log.warn('signers left out', { peers: parties, code: codeOf(error), session: led.session.splitHash });
        for (const party of parties) failed.add(party);
        if (attempt > 0) throw new BoopError('token.signers-failed', 'too many signers failed', { kind: 'unavailable' });
        ready = this.#prepare(led.session, basis, authTime, () => signersAmong(led.opened.filter((party) => !failed.has(party)), peers.self, threshold));
      }
    }
  }

  async #prepare({ splitHash }: Session, basis: CertifiedStatement, authTime: number, choose: () => readonly PartyId[], preparedBy?: Search['preparedBy']): Promise<Prepared> {
    return await this.#ask(choose(), async (party) => (await preparedBy?.(party)) ?? (await this.#input.peers.request(party, 'token.prepare', { splitHash, basis, authTime }, signTimeoutMs)));
  }

  async #attempt({ session }: Led, decision: Decision, prepared: Prepared, approve?: Approve): Promise<Accepted> {
    const { peers, ring } = this.#input;
    const { verdicts, verified, authTime } = decision;
    const { splitHash } = session;
    const signers = prepared.map(([party]) => party);
    const partials = prepared.map(([party, { partial }]) => ({ party, bytes: partial }));
    const commitments = prepared.map(([party, { commitment }]) => ({ party, bytes: commitment }));
    if (approve) await approve(this.#subOf(session, decision, byParty(partials)));
    const signed = await this.#ask(signers, (party) => peers.request(party, 'token.sign', { splitHash, verdicts, authTime, verified, partials, commitments }, signTimeoutMs));
    const { signingInput, entry } = this.#ownMessage(session, decision) ?? this.#rebuild(session, decision, byParty(partials));
    const shares = new Map(signed.map(([party, { share }]) => [party, share]));
    const signature = aggregate(ring.tokenAt(authTime).group, byParty(commitments), signingInput, shares, { arithmetic, groupCommitment: session.token?.groupCommitment });
    return { idToken: assembleToken(signingInput, signature), entry, receipts: validReceipts(this.#input.members, this.#input.threshold, entry, signed) };
  }

  /** @throws ThresholdFault `prf.bad-partial` */
  #subOf(session: Session, { row }: Decision, partials: ReadonlyMap<PartyId, Uint8Array>): string {
    const { gallery, ring } = this.#input;
    const { subjectId } = gallery.row(row);
    return pairwiseSub(prfCombine(ring.get('prf').group, pairwiseInputOf({ view: session.view, context: session.authentication, subjectId }), partials, { arithmetic }));
  }

  /** What this node itself signed a moment ago, if it is one of the signers. */
  #ownMessage({ token }: Session, { row, verified, authTime }: Decision): TokenMessage | undefined {
    return token && token.row === row && token.verified === verified && token.authTime === authTime ? token.message : undefined;
  }

  /** @throws ThresholdFault `prf.bad-partial` */
  #rebuild(session: Session, { row, verified, authTime }: Decision, partials: ReadonlyMap<PartyId, Uint8Array>): TokenMessage {
    const { gallery, ring } = this.#input;
    const { subjectId } = gallery.row(row);
    const facts = { view: session.view, context: session.authentication, splitAt: session.header.splitAt, subjectId, verified, authTime };
    return tokenMessage(facts, { prf: ring.get('prf'), token: ring.tokenAt(authTime) }, partials);
  }

  /** @throws ThresholdFault when this node itself found out whose bytes are bad; SignersFailed naming those who refused or did not answer */
  async #ask<T>(signers: readonly PartyId[], ask: (party: PartyId) => Promise<T>): Promise<[PartyId, T][]> {
    const results = await Promise.allSettled(signers.map(ask));
    const failed = signers.filter((_, at) => results[at]!.status === 'rejected');
    results.forEach((result, at) => {
      if (result.status === 'rejected') this.#input.log.warn('a node did not help to sign a token', { peer: signers[at], code: codeOf(result.reason) });
    });
    const fault = results.find((result) => result.status === 'rejected' && result.reason instanceof ThresholdFault) as PromiseRejectedResult | undefined;
    if (fault) throw fault.reason as ThresholdFault;
    if (failed.length > 0) throw new SignersFailed(failed);
    return results.flatMap((result, at) => (result.status === 'fulfilled' ? [[signers[at]!, result.value] as [PartyId, T]] : []));
  }
}

/**
 * Receipts whose signature is over this very entry.
 * @throws BoopError `receipt.too-few` (peer) below t+1
 */
export function validReceipts(members: MemberVerifier, threshold: number, entry: Uint8Array, answers: readonly (readonly [PartyId, Pick<PeerAnswer<'token.sign'>, 'receipt'>])[]): EntryReceipt[] {
  const bytes = entryReceiptBytes(entry);
  const receipts = answers.filter(([party, { receipt }]) => members.verify(party, bytes, fromBase64Url(receipt))).map(([party, { receipt }]) => ({ party, signature: receipt }));
  if (receipts.length < threshold + 1) throw new BoopError('receipt.too-few', 'too few nodes confirm the event', { kind: 'peer' });
  return receipts;
}
