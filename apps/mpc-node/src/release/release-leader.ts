import { grantSubject, type RecordGrant, type Release, type Sealed, sealRelease, type SealedPartial, type SignedRecordGrant } from '@boop/identity';
import { type Logger } from '@boop/platform';
import { type StoredRecord } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { type PeerAnswer } from '../link/peer-methods.ts';
import { type Peers } from '../link/peers.ts';
import { codeOf, type Led } from '../leader/session-lead.ts';
import { type Decision } from '../leader/token-assembly.ts';
import { type SessionRelease } from './session-release.ts';

/** Port: the storage side, which hands out a record for 2t+1 equal grants. @throws BoopError `attributes.unavailable` */
export interface RecordStorage {
  open(grants: readonly (readonly SignedRecordGrant[])[]): Promise<StoredRecord[]>;
}

const askTimeoutMs = 3_000;

interface Part {
  readonly partial: SealedPartial;
  readonly grant: SignedRecordGrant;
}

/** Collects what the nodes release after an authentication and seals it to the vendor. This side sees neither keys nor values. */
export class ReleaseLeader {
  readonly #input: { peers: Peers; storage: RecordStorage; release: SessionRelease; needed: number; log: Logger };

  constructor(input: { peers: Peers; storage: RecordStorage; release: SessionRelease; needed: number; log: Logger }) {
    this.#input = input;
  }

  /**
   * @returns undefined when nothing that was asked for may be released
   * @throws BoopError `attributes.unavailable` when what the context requires can't be had now
   */
  async collect(led: Led, decision: Decision): Promise<Sealed | undefined> {
    const required = led.session.authentication.attributes?.required ?? [];
    try {
      const agreed = this.#agreed(await this.#ask(led, decision));
      const [first] = agreed;
      if (!first) return this.#nothing(required);
      // One vendor has one key at a time; a consent to an older key waits for its next authentication.
      const { recipientKey } = first.grant;
      const chosen = agreed.filter(({ grant }) => grant.recipientKey === recipientKey);
      const stored = await this.#input.storage.open(chosen.map(({ parts }) => parts.map(({ grant }) => grant)));
      const records = chosen.flatMap(({ grant, parts }, at): Release['records'] => {
        if (!this.#input.release.stands(led.session, decision.row, grant.attribute)) return [];
        return [{ ...stored[at]!, basis: grant.basis, partials: parts.map(({ partial }) => partial) }];
      });
      if (required.some((name) => !records.some(({ document }) => document.attribute === name))) return this.#nothing(required);
      return records.length > 0 ? await sealRelease({ v: 1, records }, recipientKey) : undefined;
    } catch (error) {
      this.#input.log.warn('attributes not released', { code: codeOf(error), session: led.session.splitHash });
      return this.#nothing(required);
    }
  }

  #nothing(required: readonly string[]): undefined {
    if (required.length > 0) throw new BoopError('attributes.unavailable', 'what the vendor requires can not be released now', { kind: 'unavailable' });
    return undefined;
  }

  /** All that opened the session: with more than 2t+1 answers the recipient does without a liar's. */
  async #ask({ session: { splitHash }, opened }: Led, { verdicts, authTime, verified }: Decision): Promise<PeerAnswer<'release.authorise'>[]> {
    const { peers, log } = this.#input;
    const results = await Promise.allSettled(opened.map((party) => peers.request(party, 'release.authorise', { splitHash, verdicts, authTime, verified }, askTimeoutMs)));
    return results.flatMap((result, at) => {
      if (result.status === 'fulfilled') return [result.value];
      log.info('a node released nothing', { peer: opened[at], code: codeOf(result.reason) });
      return [];
    });
  }

  /** Attributes for which 2t+1 nodes gave equal grants. */
  #agreed(answers: readonly PeerAnswer<'release.authorise'>[]): { grant: RecordGrant; parts: Part[] }[] {
    const bySubject = new Map<string, { grant: RecordGrant; parts: Part[] }>();
    for (const { records } of answers) {
      for (const { partial, grant } of records) {
        const subject = grantSubject(grant.grant);
        const group = bySubject.get(subject) ?? { grant: grant.grant, parts: [] };
        group.parts.push({ partial, grant });
        bySubject.set(subject, group);
      }
    }
    return [...bySubject.values()].filter(({ parts }) => parts.length >= this.#input.needed);
  }
}
