import { decodeByExclusion, type Field, lagrangeCoefficients } from '@boop/field';
import { type LaneArena } from '@boop/kernels';
import { equalBytes, lengthPrefixed, type PartyId, ProtocolAbort, uint32, utf8 } from '@boop/shared';
import { sha256 } from '@noble/hashes/sha2.js';
import { type Rounds, sliceBytes } from './boolean-engine.ts';
import { interpolated, packed, unpacked } from './lane-residues.ts';
import { badInput } from './masked-scores.ts';

/** An opening of c in which nodes outside the committee take part too, for redundancy. */
export interface WideOpening {
  /** 3t + 1 or more nodes, the committee among them, ascending. */
  readonly holders: readonly PartyId[];
  /** Hash of all that decides what is compared: session, split, operation, rows. */
  readonly subject: Uint8Array;
}

/** What the nodes of one wide opening must see alike. */
export interface WideRun {
  readonly self: PartyId;
  readonly committee: readonly PartyId[];
  readonly threshold: number;
  readonly runId: Uint8Array;
  readonly p: number;
  readonly probes: number;
  readonly rows: number;
  readonly shifts: number;
  readonly firstRow: number;
  /** Name the correlations, batch and lanes. */
  readonly origins: readonly Uint8Array[];
  readonly wide: WideOpening;
}

/**
 * Opens c per lane to the committee, checked as a word of degree 2t over all holders. Two rounds.
 * The first compares what everybody believes to be running: masks serve one score each, and shares of two scores under one mask
 * would give away their difference. No share leaves an honest node before all holders have told it the same; aborts
 * `comparison.other-run`, naming nobody: whoever says otherwise may have been misled.
 * In the second a liar that shifts c is caught before c is used: with 3t + 1 points the honest ones determine the word. Aborts
 * `comparison.inconsistent-word`; from 3t + 2 points on it names a single liar, and nobody else as long as all rows and the
 * probe have passed `checkSplitProtocol`.
 * @param shares offset of this holder's, `count` of them in whole vectors @returns offset of c; 0 outside the committee
 */
export function* openWide(arena: LaneArena, field: Field, run: WideRun, shares: number, count: number): Rounds<number> {
  const { self, committee, threshold } = run;
  const { holders } = run.wide;
  yield* agreeOnRun(run);
  const payload = packed(arena, field, shares, count);
  const receiveFrom = committee.includes(self) ? holders.filter((party) => party !== self) : [];
  const received = yield { send: committee.filter((party) => party !== self).map((to) => ({ to, payload })), receiveFrom };
  if (receiveFrom.length === 0) return 0;
  const words = holders.map((party) => (party === self ? shares : unpacked(arena, field, received.get(party)!, count, party)));
  const base = holders.slice(0, 2 * threshold + 1);
  holders.slice(base.length).forEach((party, i) => checkPoint(arena, field, run, words, lagrangeCoefficients(field, base, party), base.length + i, count));
  return interpolated(arena, field, words.slice(0, base.length), lagrangeCoefficients(field, base), count);
}

/** Throws BoopError `comparison.input`. */
export function checkWide({ self, committee, threshold, wide: { holders, subject } }: Pick<WideRun, 'self' | 'committee' | 'threshold' | 'wide'>): void {
  const ascending = holders.every((party, i) => i === 0 || party > holders[i - 1]!);
  const fits = ascending && holders.length >= 3 * threshold + 1 && holders.includes(self) && committee.every((party) => holders.includes(party));
  if (!fits || committee.length !== 2 * threshold + 1) throw badInput('a wide opening takes 3t + 1 holders, a committee among them');
  if (subject.length !== 32) throw badInput('the subject is a hash');
}

function* agreeOnRun({ self, committee, runId, p, probes, rows, shifts, firstRow, origins, wide: { holders, subject } }: WideRun): Rounds<void> {
  const shape = [p, probes, rows, shifts, Math.floor(firstRow / 2 ** 32), firstRow % 2 ** 32].map(uint32);
  const payload = sha256(lengthPrefixed(utf8('boop/mpc/wide-run/v1'), runId, subject, Uint8Array.from(committee), Uint8Array.from(holders), ...shape, ...origins));
  const others = holders.filter((party) => party !== self);
  const received = yield { send: others.map((to) => ({ to, payload })), receiveFrom: others };
  const different = others.filter((party) => !equalBytes(received.get(party)!, payload));
  if (different.length > 0) throw new ProtocolAbort('comparison.other-run', 'the nodes were told of different runs');
}

/** Every lane's word at one further point against what the first 2t + 1 points say. */
function checkPoint(arena: LaneArena, field: Field, { threshold, wide: { holders } }: WideRun, words: readonly number[], weights: readonly number[], at: number, count: number): void {
  const mark = arena.mark();
  const expected = residuesAt(arena, interpolated(arena, field, words.slice(0, weights.length), weights, count), count);
  const values = words.map((word) => residuesAt(arena, word, count));
  const seen = values[at]!;
  let lane = 0;
  while (lane < count && expected[lane] === seen[lane]) lane++;
  arena.release(mark);
  if (lane === count) return;
  // e errors are unique among words with up to t wrong symbols when n ≥ 3t + 1 + e.
  const symbols = values.map((word) => word[lane]!);
  const decoded = holders.length >= 3 * threshold + 2 ? decodeByExclusion(field, holders, symbols, 2 * threshold, 1) : null;
  throw new ProtocolAbort('comparison.inconsistent-word', 'the shares of a masked score are not of one word', holders.filter((party) => decoded?.wrong.includes(party)));
}

function residuesAt(arena: LaneArena, at: number, count: number): Uint16Array {
  return new Uint16Array(arena.view(at, sliceBytes(count) * 16).buffer, at, count);
}
