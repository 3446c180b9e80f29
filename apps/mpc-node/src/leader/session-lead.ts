import { type SessionContext, type SignedConsent } from '@boop/identity';
import { type SealedSplit, splitFor } from '@boop/protocol';
import { BoopError, isBoopError, type PartyId, type Rng, toBase64Url } from '@boop/shared';
import { type Logger } from '@boop/platform';
import { type RunService, runTimeoutMs } from '../committees/run-service.ts';
import { type CertifiedStatement, type RunRequest } from '../link/peer-methods.ts';
import { type Peers } from '../link/peers.ts';
import { type Gallery } from '../gallery/gallery.ts';
import { type Network } from '../network.ts';
import { type MemberVerifier, verifyCertified } from '../sessions/certified.ts';
import { type Session } from '../sessions/session.ts';
import { type SessionService } from '../sessions/session-service.ts';
import { type SessionStore } from '../sessions/session-store.ts';
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

/** What both kinds of session need of a leader: open everywhere, have committees run, end everywhere. */
export class SessionLead {
  readonly #input: { network: Network; peers: Peers; gallery: Gallery; sessions: SessionStore; service: SessionService; runs: RunService; members: MemberVerifier; standing: Standing; rng: Rng; log: Logger; stragglersMs?: number };

  constructor(input: { network: Network; peers: Peers; gallery: Gallery; sessions: SessionStore; service: SessionService; runs: RunService; members: MemberVerifier; standing: Standing; rng: Rng; log: Logger; stragglersMs?: number }) {
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

  /** Has one committee run one comparison. @throws BoopError of the run; `transcript.*` when the certificate is not what was asked for */
  async run(led: Led, committee: readonly PartyId[], operation: RunRequest['operation'], candidate?: { row: number; basis: CertifiedStatement }): Promise<CertifiedStatement> {
    const { rng } = this.#input;
    const holders = this.holdersOf(led.opened, committee);
    const request: RunRequest = { splitHash: led.session.splitHash, runId: rng.bytes(16), operation, committee: [...committee], holders, ...candidate };
    const common = { runId: toBase64Url(request.runId), operation, row: candidate?.row, committee, holders };
    try {
      const certified = await this.#certified(led.session, request);
      led.attempts.push({ ...common, result: { certified } });
      return certified;
    } catch (error) {
      led.attempts.push({ ...common, result: { error } });
      throw error;
    }
  }

  async #certified(session: Session, request: RunRequest): Promise<CertifiedStatement> {
    const { peers, runs, members } = this.#input;
    const { committee, operation } = request;
    const primary = committee[0] as PartyId;
    const certified = primary === peers.self ? await runs.arrange(session, request) : await peers.request(primary, 'run.request', request, runTimeoutMs + 2_000);
    verifyCertified(session.view, certified, members);
    const { statement } = certified;
    if (statement.runId !== toBase64Url(request.runId) || statement.operation !== operation || statement.committee.join() !== committee.join()) throw new BoopError('transcript.other-session', 'another run was certified', { kind: 'peer' });
    return certified;
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
