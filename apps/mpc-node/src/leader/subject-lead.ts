import { type Logger, opensslArithmetic as arithmetic } from '@boop/platform';
import { type PartyId } from '@boop/shared';
import { prfCombine, type PrfInput, ThresholdFault } from '@boop/threshold';
import { pairwiseSub } from '@boop/identity';
import { type Gallery } from '../gallery/gallery.ts';
import { type CertifiedStatement } from '../link/peer-methods.ts';
import { type Peers } from '../link/peers.ts';
import { type KeyRing } from '../signing/key-ring.ts';
import { pairwiseInputOf } from '../signing/token-message.ts';
import { codeOf, type Led, nodesUnavailable } from './session-lead.ts';

const roundTimeoutMs = 3_000;

/** Has all nodes of a session judge whether a match is of the person that its vendor claims. */
export class SubjectLead {
  readonly #input: { peers: Peers; ring: KeyRing; gallery: Gallery; log: Logger };

  constructor(input: { peers: Peers; ring: KeyRing; gallery: Gallery; log: Logger }) {
    this.#input = input;
  }

  /**
   * Two rounds with all that opened, on the word of the committee that named the row, so that the others can be asked meanwhile; partials that are not proven are left out.
   * @returns whether it is
   * @throws BoopError `mpc.nodes-unavailable` with fewer than 2t+1 good partials
   */
  async isClaimed({ session, opened }: Led, identified: CertifiedStatement, row: number): Promise<boolean> {
    const { subject } = session.authentication;
    const { peers } = this.#input;
    const { splitHash } = session;
    const answers = await this.#ask(opened, (party) => peers.request(party, 'subject.evaluate', { splitHash, verdicts: [identified] }, roundTimeoutMs));
    const { sub, proven } = this.#combine(inputOf(session, row, this.#input.gallery), new Map(answers.map(([party, { partial }]) => [party, partial])));
    const partials = [...proven].map(([party, bytes]) => ({ party, bytes }));
    await this.#ask(opened, (party) => peers.request(party, 'subject.judge', { splitHash, partials }, roundTimeoutMs));
    return sub === subject;
  }

  #combine(input: PrfInput, partials: ReadonlyMap<PartyId, Uint8Array>): { sub: string; proven: ReadonlyMap<PartyId, Uint8Array> } {
    const { group } = this.#input.ring.get('prf');
    if (partials.size < group.threshold) throw nodesUnavailable();
    try {
      return { sub: pairwiseSub(prfCombine(group, input, partials, { arithmetic })), proven: partials };
    } catch (error) {
      if (!(error instanceof ThresholdFault) || error.blame.length === 0) throw error;
      this.#input.log.warn('partials left out', { peers: error.blame, code: error.code });
      return this.#combine(input, new Map([...partials].filter(([party]) => !error.blame.includes(party))));
    }
  }

  async #ask<T>(parties: readonly PartyId[], ask: (party: PartyId) => Promise<T>): Promise<[PartyId, T][]> {
    const results = await Promise.allSettled(parties.map(ask));
    return results.flatMap((result, at): [PartyId, T][] => {
      if (result.status === 'fulfilled') return [[parties[at]!, result.value]];
      this.#input.log.warn('a node did not judge a claimed subject', { peer: parties[at], code: codeOf(result.reason) });
      return [];
    });
  }
}

const inputOf = (session: Led['session'], row: number, gallery: Gallery): PrfInput => pairwiseInputOf({ view: session.view, context: session.authentication, subjectId: gallery.row(row).subjectId });
