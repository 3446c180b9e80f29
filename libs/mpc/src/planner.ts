import { type BackEndName, backEnds } from './back-ends.ts';
import { type OrForm } from './decision.ts';
import { type Adder } from './modular-adders.ts';

export interface PlanInput {
  /** Lanes of the run: probes × shifts × rows. */
  readonly comparisons: number;
  /** Between members, slowest pair. */
  readonly roundTripMs: number;
  /** One-hot lanes in stock for this committee. */
  readonly poolLanes: number;
  /** Lanes of digits in stock; none unless said otherwise. */
  readonly digitLanes?: number;
  readonly threshold: number;
  readonly p: number;
}

export const planReasons = ['pool_covers_run', 'rounds_dominate', 'bytes_dominate'] as const;
/** A label for metrics. */
export type PlanReason = (typeof planReasons)[number];

export interface ComparisonPlan {
  readonly backEnd: BackEndName;
  /** Of correlations that are made for this run. */
  readonly adder: Adder;
  readonly orForm: OrForm;
  /** Lanes per block, a multiple of 128. */
  readonly blockLanes: number;
  /** Whether correlations come from the pool; otherwise they are made block by block. */
  readonly pooled: boolean;
  readonly reason: PlanReason;
}

/** What a round costs where the network takes no time: waking up, framing, encryption. */
const ROUND_MS = 0.05;
/** A member sends this many bits per millisecond: 1 Gbit/s. */
const BITS_PER_MS = 1_000_000;
/** Work of the coefficients of `sum` beyond one AND per lane of `tree`. */
const SUM_MS_PER_LANE = 6e-6;
/** Levels of a tree over the shifts of the statistics in use. */
const TREE_ROUNDS = 5;
/** Whole searches of 10,000 rows for t = 1, since every block has rounds of its own; larger thresholds keep more components per lane. */
const BLOCK_LANES = { one: 262_144, more: 16_384 };

const candidates: readonly (readonly [BackEndName, Adder])[] = [
  ['digits', 'ripple'],
  ['digits', 'log'],
  ['one-hot', 'ripple'],
  ['one-hot', 'log'],
];

/**
 * How a run is compared: from the pool if it has enough lanes of one kind, one-hot first, for that takes the fewest rounds and no bytes ahead; otherwise what is estimated to end first, from
 * `backEnds` and the constants above. `bit-sliced` is never the best. Total on finite inputs ≥ 0. Monotone: more lanes never choose more bits per lane, a
 * longer round trip never more rounds, a fuller pool never anything but the pool.
 */
export function planComparison({ comparisons, roundTripMs, poolLanes, digitLanes = 0, threshold, p }: PlanInput): ComparisonPlan {
  const roundMs = roundTripMs / 2 + ROUND_MS;
  const orForm: OrForm = comparisons * SUM_MS_PER_LANE <= TREE_ROUNDS * roundMs ? 'sum' : 'tree';
  const blockMax = threshold === 1 ? BLOCK_LANES.one : BLOCK_LANES.more;
  const blockLanes = Math.max(128, Math.min(blockMax, Math.ceil(comparisons / 128) * 128));
  if (comparisons <= poolLanes) return { backEnd: 'one-hot', adder: 'ripple', orForm, blockLanes, pooled: true, reason: 'pool_covers_run' };
  if (comparisons <= digitLanes) return { backEnd: 'digits', adder: 'ripple', orForm, blockLanes, pooled: true, reason: 'pool_covers_run' };
  const costs = candidates.map(([backEnd, adder]) => ({ backEnd, adder, ms: timeMs(backEnd, adder, comparisons, roundMs, threshold, p) }));
  const { backEnd, adder } = costs.reduce((best, next) => (next.ms < best.ms ? next : best));
  const reason = backEnd === 'digits' && adder === 'ripple' ? 'bytes_dominate' : 'rounds_dominate';
  return { backEnd, adder, orForm, blockLanes, pooled: false, reason };
}

/** All rounds and bits of one block after the other's, ahead and online. */
function timeMs(backEnd: BackEndName, adder: Adder, lanes: number, roundMs: number, threshold: number, p: number): number {
  const { onlineRounds, offlineRounds, onlineBits, offlineBits } = backEnds[backEnd];
  return (onlineRounds(p) + offlineRounds(p, threshold, adder)) * roundMs + ((onlineBits(p, threshold) + offlineBits(p, threshold, adder)) * lanes) / BITS_PER_MS;
}

export interface SearchInput {
  /** Lanes of one committee's search: shifts × rows. */
  readonly comparisons: number;
  /** Of the family that has to agree. */
  readonly committees: number;
  /** Between the nodes of the session, slowest pair. */
  readonly roundTripMs: number;
  /** Whether correlations for the whole search are in stock. */
  readonly stocked: boolean;
}

export const searchReasons = ['one_committee', 'not_in_stock', 'rounds_dominate', 'lanes_dominate'] as const;

/** Whether the whole family searches at once, or one committee does and the others then confirm the row that it named. */
export interface SearchPlan {
  readonly order: 'together' | 'in-turn';
  /** A label for metrics. */
  readonly reason: (typeof searchReasons)[number];
}

/** From the answer of the committee that identifies to the last confirmation: request, announcement, the run's own four, statements, answer. */
const CONFIRMATION_DELAYS = 8;
/** What these cost where the network takes no time. */
const CONFIRMATION_MS = 8;
/** Work of one more search at the nodes of its committee, and beside it. */
const SEARCH_MS_PER_LANE = 1e-4;

/**
 * Both orders prove the same. Together, the family takes as many times the lanes; in turn, the confirmations' messages wait for the identification's. What isn't in stock is never made for
 * a search that one committee can do. Total on finite inputs ≥ 0. Monotone: more lanes or committees never choose together, a longer round trip never in turn.
 */
export function planSearch({ comparisons, committees, roundTripMs, stocked }: SearchInput): SearchPlan {
  if (committees <= 1) return { order: 'in-turn', reason: 'one_committee' };
  if (!stocked) return { order: 'in-turn', reason: 'not_in_stock' };
  const waitedMs = CONFIRMATION_MS + (CONFIRMATION_DELAYS / 2) * roundTripMs;
  const workedMs = (committees - 1) * comparisons * SEARCH_MS_PER_LANE;
  return workedMs <= waitedMs ? { order: 'together', reason: 'rounds_dominate' } : { order: 'in-turn', reason: 'lanes_dominate' };
}
