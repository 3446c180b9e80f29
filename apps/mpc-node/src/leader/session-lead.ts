import { type SessionContext, type SignedConsent } from '@boop/identity';
import { type SealedSplit, splitFor } from '@boop/protocol';
import { BoopError, isBoopError, type PartyId, type Rng } from '@boop/shared';
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

const openTimeoutMs = 2_500;
const endTimeoutMs = 1_000;
/** Once enough nodes have opened a session, the others get so much longer. */
const stragglersMs = 250;

/** A session that this node leads. */
export interface Led {
  readonly session: Session;
  /** Nodes that opened the session and have the same rows, this one included, ascending. */
  readonly opened: readonly PartyId[];
}

/** What both kinds of session need of a leader: open everywhere, have committees run, end everywhere. */
export class SessionLead {
  readonly #input: { network: Network; peers: Peers; gallery: Gallery; sessions: SessionStore; service: SessionService; runs: RunService; members: MemberVerifier; rng: Rng; log: Logger };

  constructor(input: { network: Network; peers: Peers; gallery: Gallery; sessions: SessionStore; service: SessionService; runs: RunService; members: MemberVerifier; rng: Rng; log: Logger }) {
    this.#input = input;
  }

  /**
   * Opens one split at all live nodes; a refusal by any ends it with that node's code.
   * @param needed nodes without which there is no use in going on
   * @throws BoopError the refusal; `mpc.nodes-unavailable`
   */
  async open(context: SessionContext, split: SealedSplit, consent: SignedConsent | undefined, needed: number): Promise<Led> {
    const { network, peers, gallery, service, log } = this.#input;
    const live = peers.live();
    if (live.length < needed) throw nodesUnavailable();
    if (split.envelopes.length !== network.nodes) throw new BoopError('split.incomplete', 'the split does not cover all nodes');
    const { head } = gallery;
    const own: { session?: Session } = {};
    const openings = live.map(async (party) => {
      const body = { context, split: splitFor(split, party), head, ...(consent ? { consent } : {}) };
      if (party !== network.self) return void (await peers.request(party, 'session.open', body, openTimeoutMs));
      own.session = await service.open(party, body);
    });
    const results = await settledOrEnough(openings, Math.max(needed, network.verifiableSize), stragglersMs);
    const refusals = results.flatMap((result, at) => (result.status === 'rejected' ? [{ party: live[at]!, reason: result.reason as unknown }] : []));
    const opened = live.filter((party) => !refusals.some((refusal) => refusal.party === party));
    for (const { party, reason } of refusals) if (party !== network.self) log.warn('a node did not open a session', { peer: party, code: codeOf(reason) });
    const refusal = refusals.find(({ reason }) => isBoopError(reason) && reason.kind === 'rejected');
    const { session } = own;
    if (session && !refusal && opened.length >= needed) return { session, opened };
    if (session) this.end({ session, opened });
    throw refusal?.reason ?? refusals.find(({ party }) => party === network.self)?.reason ?? nodesUnavailable();
  }

  /** Has one committee run one comparison. @throws BoopError of the run; `transcript.*` when the certificate is not what was asked for */
  async run({ session, opened }: Led, committee: readonly PartyId[], operation: RunRequest['operation'], candidate?: { row: number; basis: CertifiedStatement }): Promise<CertifiedStatement> {
    const { peers, runs, members, rng } = this.#input;
    const request: RunRequest = { splitHash: session.splitHash, runId: rng.bytes(16), operation, committee: [...committee], holders: this.#holders(opened, committee), ...candidate };
    const primary = committee[0]!;
    const certified = primary === peers.self ? await runs.arrange(session, request) : await peers.request(primary, 'run.request', request, runTimeoutMs + 2_000);
    verifyCertified(session.view, certified, members);
    const { statement } = certified;
    if (statement.operation !== operation || statement.committee.join() !== committee.join()) throw new BoopError('transcript.other-session', 'another run was certified', { kind: 'peer' });
    return certified;
  }

  /** All nodes that opened the session where they can check what opens, else the committee alone. */
  #holders(opened: readonly PartyId[], committee: readonly PartyId[]): PartyId[] {
    return [...(opened.length >= this.#input.network.verifiableSize ? opened : committee)];
  }

  /** Wipes the session everywhere; a node that does not hear of it forgets by itself. */
  end({ session, opened }: Led): void {
    const { peers, sessions } = this.#input;
    const { splitHash } = session;
    sessions.end(splitHash);
    for (const party of opened) if (party !== peers.self) peers.request(party, 'session.end', { splitHash }, endTimeoutMs).catch(() => undefined);
  }
}

/**
 * As `Promise.allSettled`, but once `enough` have succeeded the rest has only so much time: a node that hangs must not make
 * everybody wait. What is still open then counts as unavailable.
 */
export async function settledOrEnough(tasks: readonly Promise<void>[], enough: number, graceMs: number): Promise<PromiseSettledResult<void>[]> {
  const results: PromiseSettledResult<void>[] = tasks.map(() => ({ status: 'rejected', reason: nodesUnavailable() }));
  let timer: NodeJS.Timeout | undefined;
  const gracePassed = new Promise<void>((resolve) => {
    let opened = 0;
    for (const task of tasks) {
      task.then(
        () => {
          opened += 1;
          if (opened >= enough) timer ??= setTimeout(resolve, graceMs);
        },
        () => undefined,
      );
    }
  });
  const all = Promise.all(
    tasks.map(async (task, at) => {
      results[at] = await task.then((value) => ({ status: 'fulfilled' as const, value }), (reason: unknown) => ({ status: 'rejected' as const, reason }));
    }),
  );
  await Promise.race([all, gracePassed]);
  clearTimeout(timer);
  return [...results];
}

export const nodesUnavailable = (): BoopError => new BoopError('mpc.nodes-unavailable', 'too few nodes are up', { kind: 'unavailable' });
export const codeOf = (error: unknown): string => (isBoopError(error) ? error.code : 'internal');
