import { type Logger } from '@boop/platform';
import { committeeFamily } from '@boop/mpc';
import { isBoopError, type PartyId } from '@boop/shared';
import { type Gallery } from '../gallery/gallery.ts';
import { lanesPerBatchMax, type PoolBackEnd } from '../link/peer-methods.ts';
import { type Peers } from '../link/peers.ts';
import { type Network } from '../network.ts';
import { type Activity } from './activity.ts';
import { type CommitteeService } from './committee-service.ts';
import { type RunScope } from './committee-state.ts';
import { type HolderKeysService } from './holder-keys-service.ts';
import { lanesFor } from './lanes.ts';

const tickMs = 20;
/** After a refusal or a failure: holders that took part keep lanes of a batch that never enters the account. */
const pauseMs = 500;

/** Committees that sessions would use if one came now, with the holders of their masks. */
export function wantedCommittees(network: Network, live: readonly PartyId[]): RunScope[] {
  if (live.length < network.committeeSize) return [];
  const { committees } = committeeFamily(live, network.nodes, network.threshold);
  return committees.map((committee) => ({ committee, holders: live.length >= network.verifiableSize ? live : committee }));
}

/** How much is kept per committee, and made at a time. */
export interface PoolSize {
  /** One-hot lanes: for decisions about single rows, which take the fewest rounds with them, and for small galleries. */
  readonly lanesTarget: number;
  readonly lanesPerBatch: number;
  /** Most lanes that a run compares at a time; as many as the planner says unless given. */
  readonly lanesPerBlock?: number;
}

/** A search of a larger gallery takes lanes of digits; so many searches are provided for, within the bounds of memory. */
const searchesAhead = 2;
const digitLanesMax = 2_621_440;

/** Lanes of a batch: for whole searches where they fit, since a search that takes all lanes of a batch copies none. */
const wholeSearches = (search: number): number => (search > 0 && search <= lanesPerBatchMax ? lanesPerBatchMax - (lanesPerBatchMax % search) : lanesPerBatchMax);

/**
 * Keeps what sessions will need in stock while nobody waits: keys to check splits with, and correlations, one batch at a time, for the committees
 * that this node leads: one-hot ones, and digits once the gallery needs them.
 */
export class PoolKeeper {
  readonly #input: { network: Network; peers: Peers; committees: CommitteeService; holders: HolderKeysService; gallery: Gallery; activity: Activity; log: Logger; size: PoolSize };
  #timer: NodeJS.Timeout | undefined;
  #working = false;
  #pausedUntilMs = 0;

  constructor(input: { network: Network; peers: Peers; committees: CommitteeService; holders: HolderKeysService; gallery: Gallery; activity: Activity; log: Logger; size: PoolSize }) {
    this.#input = input;
  }

  start(): void {
    this.#timer = setInterval(() => void this.tick(), tickMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Whether a session that came now would find keys with all live nodes, and something of each stock that this node leads. */
  get provides(): boolean {
    const { network, peers, holders, committees } = this.#input;
    const live = peers.live();
    if (live.length >= network.verifiableSize && !holders.has(live)) return false;
    return this.#stocks(live).every(({ scope, backEnd, lanes }) => committees.availableLanes(scope, backEnd) >= lanes);
  }

  /** As long as the pause lasts: fills the emptiest stock by one batch after the other, then agrees on missing keys among all live nodes. */
  async tick(): Promise<void> {
    const { activity } = this.#input;
    if (this.#working) return;
    this.#working = true;
    try {
      while (activity.idle && performance.now() >= this.#pausedUntilMs && (await this.#step()));
    } finally {
      this.#working = false;
    }
  }

  /** @returns false when there is nothing to make, or it can't be made now */
  async #step(): Promise<boolean> {
    const { network, peers, holders, committees, log } = this.#input;
    const live = peers.live();
    const keysMissing = live.length >= network.verifiableSize && !holders.has(live);
    const short = this.#shortest(live);
    if (!short && !keysMissing) return false;
    try {
      if (short) await committees.fill(short.scope, short.lanes, { backEnd: short.backEnd, adder: 'ripple' }, false);
      else await holders.ensure(live);
      return true;
    } catch (error) {
      this.#pausedUntilMs = performance.now() + pauseMs;
      const unavailable = isBoopError(error) && error.kind === 'unavailable';
      if (!unavailable) log.warn('keys or correlations not made', { committee: short?.scope.committee, error });
      return false;
    }
  }

  /** The stock that has least of what it should have, and the lanes of its next batch. */
  #shortest(live: readonly PartyId[]): { scope: RunScope; backEnd: PoolBackEnd; lanes: number } | undefined {
    const { committees } = this.#input;
    return this.#stocks(live)
      .map(({ target, ...stock }) => ({ ...stock, level: committees.availableLanes(stock.scope, stock.backEnd) / target }))
      .filter(({ level }) => level < 1)
      .sort((a, b) => a.level - b.level)[0];
  }

  /** What this node keeps for the committees that it leads, with the lanes of a batch; nothing of what has no use now. */
  #stocks(live: readonly PartyId[]): { scope: RunScope; backEnd: PoolBackEnd; target: number; lanes: number }[] {
    const { network, size } = this.#input;
    const wanted = wantedCommittees(network, live);
    const digits = this.#digitLanes(wanted.length);
    const kinds = [
      { backEnd: 'one-hot', target: size.lanesTarget, lanes: size.lanesPerBatch },
      { backEnd: 'digits', target: digits, lanes: Math.min(digits, wholeSearches(this.#search)) },
    ] as const;
    return wanted.filter(({ committee }) => committee[0] === network.self).flatMap((scope) => kinds.filter(({ target }) => target > 0).map((kind) => ({ scope, ...kind })));
  }

  /** Lanes of digits per committee; 0 as long as searches are served by one-hot ones. */
  #digitLanes(committees: number): number {
    const { size } = this.#input;
    return this.#search <= size.lanesTarget ? 0 : Math.min(searchesAhead * this.#search, Math.floor(digitLanesMax / committees));
  }

  /** Lanes of one search. */
  get #search(): number {
    const { gallery } = this.#input;
    return lanesFor(gallery.rows * gallery.statistic.shifts.length);
  }
}
