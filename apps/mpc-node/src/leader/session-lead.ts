import { type SessionContext, type SignedConsent } from '@boop/identity';
import { type SealedSplit, splitFor } from '@boop/protocol';
import { BoopError, fromBase64Url, isBoopError, type PartyId, type Rng, toBase64Url } from '@boop/shared';
import { type Logger } from '@boop/platform';
import { coverageOf } from '../committees/run-plan.ts';
import { runTimeoutMs, statementOf } from '../committees/run-service.ts';
import { type CertifiedStatement, type PeerAnswer, type RunRequest } from '../link/peer-methods.ts';
import { decidedBytesOf } from '../link/run-transcripts.ts';
import { type Peers } from '../link/peers.ts';
import { type Gallery } from '../gallery/gallery.ts';
import { type Network } from '../network.ts';
import { type MemberVerifier } from '../sessions/certified.ts';
import { type Session } from '../sessions/session.ts';
import { type SessionService } from '../sessions/session-service.ts';
import { type Attempt } from './attempts.ts';
import { type Standing } from './standing.ts';

const openTimeoutMs = 2_500;
const endTimeoutMs = 1_000;
/** Once enough nodes have opened a session, the others get so much longer, unless said otherwise. */
const defaultStragglersMs = 250;

/** A session that this node leads. */
export interface Led {
  readonly session: Session;
  /** Nodes that opened the session and have its rows, this one included, ascending. */
  readonly opened: readonly PartyId[];
  /** Those among them that say that they have more. */
  readonly ahead: readonly PartyId[];
  /** Runs that were asked for so far. */
  readonly attempts: Attempt[];
  /** Statements of an accepted authentication. */
  accepted?: CertifiedStatement[];
}

/** A run that its holders have been asked for. */
export interface StartedRun {
  readonly certified: Promise<CertifiedStatement>;
  readonly answers: ReadonlyMap<PartyId, Promise<PeerAnswer<'run.take'>>>;
}

/** What both kinds of session need of a leader: open everywhere, have committees run, end everywhere. */
export class SessionLead {
  readonly #input: { network: Network; peers: Peers; gallery: Gallery; service: SessionService; members: MemberVerifier; standing: Standing; rng: Rng; log: Logger; stragglersMs?: number };

  constructor(input: { network: Network; peers: Peers; gallery: Gallery; service: SessionService; members: MemberVerifier; standing: Standing; rng: Rng; log: Logger; stragglersMs?: number }) {
    this.#input = input;
  }

  /**
   * Opens one split at all live nodes; a refusal by any ends it with that node's code.
   * @param needed nodes without which there is no use in going on
   * @param onOwn called when it is open here, with those that were asked: what is sent to them now waits there until they have opened it
   * @throws BoopError the refusal; `mpc.nodes-unavailable`
   */
  async open(context: SessionContext, split: SealedSplit, consent: SignedConsent | undefined, needed: number, onOwn?: (session: Session, asked: readonly PartyId[]) => void): Promise<Led> {
    const { network, peers, gallery, service, standing, log, stragglersMs = defaultStragglersMs } = this.#input;
    const live = peers.live();
    if (live.length < needed) throw nodesUnavailable();
    if (split.envelopes.length !== network.nodes) throw new BoopError('split.incomplete', 'the split does not cover all nodes');
    const { head } = gallery;
    const own: { session?: Session } = {};
    const ahead = new Set<PartyId>();
    const enough = Math.max(needed, network.verifiableSize);
    const chosen = needed === network.nodes ? live : standing.choose(live);
    const openAt = async (party: PartyId): Promise<void> => {
      const body = { context, split: splitFor(split, party), head, ...(consent ? { consent } : {}) };
      if (party !== network.self) {
        const answer = await peers.request(party, 'session.open', body, openTimeoutMs);
        if (answer.ahead) ahead.add(party);
        return;
      }
      own.session = await service.open(party, body);
      onOwn?.(own.session, chosen);
    };
    const results = await settledOrEnough(chosen, openAt, enough, stragglersMs);
    // Whom this node would rather leave out is better than too few.
    const left = live.filter((party) => !chosen.includes(party));
    if (count(results) < enough && left.length > 0) for (const [party, result] of await settledOrEnough(left, openAt, 0, stragglersMs)) results.set(party, result);
    const refusals = [...results].flatMap(([party, result]) => (result.status === 'rejected' ? [{ party, reason: result.reason as unknown }] : []));
    const opened = live.filter((party) => results.get(party)?.status === 'fulfilled');
    for (const { party, reason } of refusals) if (party !== network.self) log.warn('a node did not open a session', { peer: party, code: codeOf(reason) });
    const refusal = refusals.find(({ reason }) => isBoopError(reason) && reason.kind === 'rejected');
    const { session } = own;
    const led = session && { session, opened, ahead: opened.filter((party) => ahead.has(party)), attempts: [] };
    if (led && !refusal && opened.length >= needed) return led;
    if (led) this.end(led);
    throw refusal?.reason ?? refusals.find(({ party }) => party === network.self)?.reason ?? nodesUnavailable();
  }

  /** Has one committee run one comparison. @throws BoopError of the run; `mpc.disagreement` when its members did not all sign one outcome */
  async run(led: Led, committee: readonly PartyId[], operation: RunRequest['operation'], candidate?: { row: number; basis: CertifiedStatement }): Promise<CertifiedStatement> {
    return await this.start(led, committee, operation, candidate).certified;
  }

  /** As {@link run}, with all answers as they come. @param prepare members that shall prepare a token about a row that they name */
  start(led: Led, committee: readonly PartyId[], operation: RunRequest['operation'], candidate?: { row: number; basis: CertifiedStatement }, prepare?: { readonly signers: readonly PartyId[]; readonly authTime: number }): StartedRun {
    const { rng, peers } = this.#input;
    const holders = this.holdersOf(led.opened, committee);
    const request: RunRequest = { splitHash: led.session.splitHash, runId: rng.bytes(16), operation, committee: [...committee], holders, ...candidate };
    const ask = async (party: PartyId): Promise<PeerAnswer<'run.take'>> => {
      const body = { ...request, ...(prepare?.signers.includes(party) && { authTime: prepare.authTime }) };
      return await peers.request(party, 'run.take', body, runTimeoutMs + 2_000);
    };
    const answers = new Map(holders.map((party) => [party, ask(party)]));
    const common = { runId: toBase64Url(request.runId), operation, row: candidate?.row, committee, holders };
    const certified = this.#certified(led.session, request, answers).then(
      (certificate) => {
        led.attempts.push({ ...common, result: { certified: certificate } });
        return certificate;
      },
      (error: unknown) => {
        led.attempts.push({ ...common, result: { error } });
        throw error;
      },
    );
    return { certified, answers };
  }

  async #certified(session: Session, request: RunRequest, answers: StartedRun['answers']): Promise<CertifiedStatement> {
    const { gallery, members } = this.#input;
    await Promise.all(answers.values());
    const outcomes = await Promise.all(request.committee.map(async (party) => ({ party, outcome: (await answers.get(party as PartyId))?.outcome })));
    const disagreement = new BoopError('mpc.disagreement', 'a member signed another outcome', { kind: 'peer' });
    const decision = outcomes[0]?.outcome?.decision;
    if (!decision) throw disagreement;
    const statement = statementOf(session, request, coverageOf(session, gallery, request), decision, gallery);
    const bytesOf = decidedBytesOf(statement);
    const signatures = outcomes.map(({ party, outcome }) => {
      if (!outcome || !members.verify(party as PartyId, bytesOf(outcome.transcript), fromBase64Url(outcome.signature))) throw disagreement;
      return { party, signature: outcome.signature, transcript: outcome.transcript };
    });
    return { statement, signatures };
  }

  /** All nodes that opened the session where they can check what opens, else the committee alone. */
  holdersOf(opened: readonly PartyId[], committee: readonly PartyId[]): PartyId[] {
    return [...(opened.length >= this.#input.network.verifiableSize ? opened : committee)];
  }

  /** Wipes the session everywhere; a node that does not hear of it forgets by itself. */
  end({ session, opened, accepted }: Led): void {
    const { peers } = this.#input;
    const { splitHash } = session;
    for (const party of opened) peers.request(party, 'session.end', { splitHash, ...(accepted && { verdicts: accepted }) }, endTimeoutMs).catch(() => undefined);
  }
}

/**
 * As `Promise.allSettled`, by party, but once `enough` have succeeded the rest has only so much time: a node that hangs must not make
 * everybody wait. What is still open then counts as unavailable.
 */
export async function settledOrEnough(parties: readonly PartyId[], task: (party: PartyId) => Promise<void>, enough: number, graceMs: number): Promise<Map<PartyId, PromiseSettledResult<void>>> {
  const results = new Map<PartyId, PromiseSettledResult<void>>(parties.map((party) => [party, { status: 'rejected', reason: nodesUnavailable() }]));
  let timer: NodeJS.Timeout | undefined;
  let settle = (): void => undefined;
  const gracePassed = new Promise<void>((resolve) => (settle = resolve));
  const all = parties.map(async (party) => {
    const result = await task(party).then((value) => ({ status: 'fulfilled' as const, value }), (reason: unknown) => ({ status: 'rejected' as const, reason }));
    results.set(party, result);
    if (count(results) >= enough) timer ??= setTimeout(settle, graceMs);
  });
  await Promise.race([Promise.all(all), gracePassed]);
  clearTimeout(timer);
  return new Map(results);
}

const count = (results: ReadonlyMap<PartyId, PromiseSettledResult<void>>): number => [...results.values()].filter(({ status }) => status === 'fulfilled').length;

export const nodesUnavailable = (): BoopError => new BoopError('mpc.nodes-unavailable', 'too few nodes are up', { kind: 'unavailable' });
export const codeOf = (error: unknown): string => (isBoopError(error) ? error.code : 'internal');
