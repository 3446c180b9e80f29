import { type Accusation, nameLiars } from '@boop/mpc';
import { type Logger } from '@boop/platform';
import { type Clock, fromBase64Url, isBoopError, type PartyId } from '@boop/shared';
import { subsets } from '@boop/field';
import { type CertifiedStatement } from '../link/peer-methods.ts';
import { type Peers } from '../link/peers.ts';
import { type SignedTranscript, transcriptBytes } from '../link/run-transcripts.ts';
import { type Network } from '../network.ts';
import { type MemberVerifier } from '../sessions/certified.ts';
import { type Session } from '../sessions/session.ts';
import { type EvidenceStore } from '../store/ports.ts';
import { accusationsOf } from './accusations.ts';
import { type Attempt } from './attempts.ts';
import { type Standing } from './standing.ts';
import { type Led, type SessionLead } from './session-lead.ts';

const askTimeoutMs = 2_000;
/** One at a time: a liar must not keep everybody busy with itself. */
const investigationsMax = 1;

/** A run that failed, and not because a node is away or refused its input. */
const wentWrong = ({ result }: Attempt): boolean => 'error' in result && isBoopError(result.error) && result.error.kind !== 'unavailable' && result.error.kind !== 'rejected';

/**
 * Finds out who lied in a session that broke off: collects the signed hashes of all its runs, and where the live nodes allow it has
 * every other committee answer the same question, which leaves each node out in turn. What comes of it changes no decision.
 */
export class Investigator {
  readonly #input: { network: Network; peers: Peers; lead: SessionLead; members: MemberVerifier; standing: Standing; evidence: EvidenceStore; clock: Clock; log: Logger; onBlame: (named: readonly PartyId[], suspects: readonly PartyId[]) => void };
  #running = 0;

  constructor(input: { network: Network; peers: Peers; lead: SessionLead; members: MemberVerifier; standing: Standing; evidence: EvidenceStore; clock: Clock; log: Logger; onBlame: (named: readonly PartyId[], suspects: readonly PartyId[]) => void }) {
    this.#input = input;
  }

  /** Whether committees contradict each other, or a run went wrong by more than a node's absence. */
  isCalledFor({ session, attempts }: Led): boolean {
    return attempts.some((attempt) => wentWrong(attempt) || this.#silent(session, attempt).length > 0) || accusationsOf(attempts, [], session).length > 0;
  }

  /** Never throws. The session must stay open until this is done. @param candidate row and identification for `verify` */
  async investigate(led: Led, candidate?: { row: number; basis: CertifiedStatement }): Promise<void> {
    const { network, standing, evidence, clock, log, onBlame } = this.#input;
    for (const attempt of led.attempts) for (const party of this.#silent(led.session, attempt)) standing.wasSilent(party);
    if (this.#running >= investigationsMax) return;
    this.#running += 1;
    try {
      let { transcripts, accusations } = await this.#collect(led);
      let verdict = nameLiars(network, accusations);
      if (accusations.length > 0 && verdict.named.length === 0 && led.opened.length >= network.verifiableSize + 1) {
        await this.#askEverybody(led, candidate);
        ({ transcripts, accusations } = await this.#collect(led));
        verdict = nameLiars(network, accusations);
      }
      if (accusations.length === 0) return;
      const { named, suspects } = verdict;
      log.error('a node lied', { session: led.session.splitHash, named, suspects, accusations: accusations.map((accused) => accused.join('-')) });
      for (const party of named) standing.lied(party);
      onBlame(named, suspects);
      const statements = led.attempts.flatMap(({ result }) => ('certified' in result ? [result.certified] : []));
      await evidence.add({ session: led.session.splitHash, atMs: clock.nowMs(), named, suspects, document: { v: 1, accusations, transcripts, statements } });
    } catch (error) {
      log.warn('investigation broken off', { session: led.session.splitHash, error });
    } finally {
      this.#running -= 1;
    }
  }

  /** The signed hashes of all holders, as far as they give them, and what follows. This node knows that it did not lie itself. */
  async #collect({ session, attempts }: Led): Promise<{ transcripts: SignedTranscript[]; accusations: Accusation[] }> {
    const { peers, members } = this.#input;
    const transcripts: SignedTranscript[] = [];
    const ask = async (attempt: Attempt, party: PartyId): Promise<void> => {
      const signed = await peers.request(party, 'run.transcript', { splitHash: session.splitHash, runId: attempt.runId }, askTimeoutMs).catch(() => undefined);
      const { transcript, signature } = signed ?? {};
      if (transcript?.party !== party || transcript.runId !== attempt.runId) return;
      if (members.verify(party, transcriptBytes(transcript), fromBase64Url(signature!))) transcripts.push({ transcript, signature: signature! });
    };
    await Promise.all(attempts.flatMap((attempt) => attempt.holders.map((party) => ask(attempt, party))));
    const accusations = accusationsOf(attempts, transcripts.map(({ transcript }) => transcript), session).map((accused) => accused.filter((party) => party !== peers.self));
    return { transcripts, accusations: accusations.filter((accused) => accused.length > 0) };
  }

  /** Who kept this node itself waiting in a run, if that is one node. */
  #silent(session: Session, { runId }: Attempt): PartyId[] {
    const outcome = session.transcripts.get(runId)?.outcome;
    return outcome?.kind === 'unfinished' && outcome.missing.length === 1 ? (outcome.missing as PartyId[]) : [];
  }

  /** Every committee that has not answered yet, about what was asked when it went wrong. */
  async #askEverybody(led: Led, candidate: { row: number; basis: CertifiedStatement } | undefined): Promise<void> {
    const { network, lead } = this.#input;
    const last = led.attempts.find(wentWrong) ?? led.attempts.at(-1);
    if (!last) return;
    const searches = led.attempts.filter(({ operation: asked }) => asked === 'identify').length;
    const operation = candidate && searches === 1 ? 'verify' : last.operation;
    if (operation === 'verify' && !candidate) return;
    const asked = new Set(led.attempts.filter((attempt) => attempt.operation === operation).map(({ committee }) => committee.join()));
    for (const committee of subsets(led.opened, network.committeeSize)) {
      if (!asked.has(committee.join())) await lead.run(led, committee, operation, operation === 'verify' ? candidate : undefined).catch(() => undefined);
    }
  }
}
