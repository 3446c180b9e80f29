import { decodeByExclusion, type Field, lagrangeCoefficients } from '@boop/field';
import { equalBytes, lengthPrefixed, type PartyId, ProtocolAbort, type RoundProtocol, uint32, utf8 } from '@boop/shared';
import { sha256 } from '@noble/hashes/sha2.js';
import { type Rounds } from './boolean-engine.ts';
import { type CorrelationSlice, wipeLanes } from './correlation-batch.ts';
import { badInput, checkProducts, maskedShares, type MaskedScores, shiftMajor } from './masked-scores.ts';
import { decodeResidues, encodeResidues } from './wire.ts';

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
  readonly rows: number;
  readonly shifts: number;
  readonly correlations: readonly Pick<CorrelationSlice, 'origin'>[];
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
 */
export function* openWide(field: Field, run: WideRun, shares: Uint16Array): Rounds<Uint16Array> {
  const { self, committee, threshold } = run;
  const { holders } = run.wide;
  yield* agreeOnRun(run);
  const payload = encodeResidues(field, shares);
  const receiveFrom = committee.includes(self) ? holders.filter((party) => party !== self) : [];
  const received = yield { send: committee.filter((party) => party !== self).map((to) => ({ to, payload })), receiveFrom };
  if (receiveFrom.length === 0) return new Uint16Array(0);
  const words = holders.map((party) => (party === self ? shares : decodeResidues(field, received.get(party)!, shares.length, party)));
  const base = holders.slice(0, 2 * threshold + 1);
  holders.slice(base.length).forEach((party, i) => checkPoint(field, run, words, combine(field, words, lagrangeCoefficients(field, base, party)), base.length + i));
  return combine(field, words, lagrangeCoefficients(field, base));
}

/** A holder's side outside the committee: it sends its shares of c and learns nothing. Two rounds, 13 bits per lane and member over 8191. */
export function* contributeProtocol(input: MaskedScores & Omit<WideRun, 'correlations'>): RoundProtocol<void> {
  const { self, committee, rows, shifts, wide } = input;
  if (committee.includes(self)) throw badInput('a member of the committee compares');
  checkWide(input);
  const field = checkProducts(input, wide.holders);
  const slices = input.correlations.map((slice) => slice.consume());
  try {
    yield* openWide(field, input, maskedShares(field, shiftMajor(input.products, rows, shifts), slices));
  } finally {
    slices.forEach(wipeLanes);
  }
}

/** Throws BoopError `comparison.input`. */
export function checkWide({ self, committee, threshold, wide: { holders, subject } }: Pick<WideRun, 'self' | 'committee' | 'threshold' | 'wide'>): void {
  const ascending = holders.every((party, i) => i === 0 || party > holders[i - 1]!);
  const fits = ascending && holders.length >= 3 * threshold + 1 && holders.includes(self) && committee.every((party) => holders.includes(party));
  if (!fits || committee.length !== 2 * threshold + 1) throw badInput('a wide opening takes 3t + 1 holders, a committee among them');
  if (subject.length !== 32) throw badInput('the subject is a hash');
}

function* agreeOnRun({ self, committee, runId, p, rows, shifts, correlations, wide: { holders, subject } }: WideRun): Rounds<void> {
  const shape = [p, rows, shifts].map(uint32);
  const payload = sha256(
    lengthPrefixed(utf8('boop/mpc/wide-run/v1'), runId, subject, Uint8Array.from(committee), Uint8Array.from(holders), ...shape, ...correlations.map(({ origin }) => origin)),
  );
  const others = holders.filter((party) => party !== self);
  const received = yield { send: others.map((to) => ({ to, payload })), receiveFrom: others };
  const different = others.filter((party) => !equalBytes(received.get(party)!, payload));
  if (different.length > 0) throw new ProtocolAbort('comparison.other-run', 'the nodes were told of different runs');
}

/** Value of every lane's word at one point, from its first 2t + 1 points. */
function combine(field: Field, words: readonly Uint16Array[], weights: readonly number[]): Uint16Array {
  const out = new Uint16Array(words[0]!.length);
  weights.forEach((weight, i) => {
    const word = words[i]!;
    for (let k = 0; k < out.length; k++) out[k] = (out[k]! + word[k]! * weight) % field.p;
  });
  return out;
}

function checkPoint(field: Field, { threshold, wide: { holders } }: WideRun, words: readonly Uint16Array[], expected: Uint16Array, at: number): void {
  const lane = expected.findIndex((value, k) => value !== words[at]![k]);
  if (lane < 0) return;
  // e errors are unique among words with up to t wrong symbols when n ≥ 3t + 1 + e.
  const decoded = holders.length >= 3 * threshold + 2 ? decodeByExclusion(field, holders, words.map((word) => word[lane]!), 2 * threshold, 1) : null;
  throw new ProtocolAbort('comparison.inconsistent-word', 'the shares of a masked score are not of one word', holders.filter((party) => decoded?.wrong.includes(party)));
}
