import { type Field, lagrangeCoefficients } from '@boop/field';
import { type PartyId, type RoundProtocol } from '@boop/shared';
import { BooleanEngine, type OpeningRecorder, type Rounds } from './boolean-engine.ts';
import { type CommitteeKeys } from './committee-keys.ts';
import { type CorrelationSlice, wipeLanes } from './correlation-batch.ts';
import { decide, type Decision, type Opening } from './decision.ts';
import { intervalTest } from './interval.ts';
import { badInput, checkProducts, maskedShares, shiftMajor } from './masked-scores.ts';
import { type Prf, softwareAesCtr } from './prf.ts';
import { type Replication } from './replication.ts';
import { wordsFor } from './shared-bits.ts';
import { checkWide, openWide, type WideOpening } from './wide-opening.ts';
import { decodeResidues, encodeResidues } from './wire.ts';

export interface ComparisonInput {
  readonly self: PartyId;
  readonly committee: readonly PartyId[];
  readonly threshold: number;
  readonly keys: CommitteeKeys;
  /** 16 bytes, used once under these keys. */
  readonly runId: Uint8Array;
  readonly p: number;
  /** Every score lies in (scoreMax − p, scoreMax]. */
  readonly scoreMax: number;
  /** Accepting scores are θ … scoreMax. */
  readonly theta: number;
  readonly rows: number;
  readonly shifts: number;
  /** rows × shifts, row-major: this member's shares of degree 2t of the scores, canonical. */
  readonly products: Uint16Array;
  /** Together at least rows·shifts lanes, the same ranges at every member; consumed and wiped. */
  readonly correlations: readonly CorrelationSlice[];
  readonly opening: Opening;
  /** With correlations of wider holders: what they all open, see {@link WideOpening}. */
  readonly wide?: WideOpening;
  readonly prf?: Prf;
  readonly onOpen?: OpeningRecorder;
}

/**
 * One comparison run in one committee: semi-honest, so a lying member can turn its result; what is accepted is run again
 * by a family of committees (`committeeFamily`). Malformed messages abort and name their sender.
 * Opens c = S + r per lane, uniform whatever S is, and one decision. Rounds: 2 up to the shared bit of each lane, then
 * those of `decide`. Cost per lane and member online, t = 1 over 8191: 3.25 B for c, 1 bit for the test.
 * With `wide` the holders outside the committee run `contributeProtocol`, and c is checked as a Reed-Solomon word over all of them
 * before it is used: one more round, 13 bits per lane, outsider and member; aborts `comparison.inconsistent-word`.
 */
export function* compareProtocol(input: ComparisonInput): RoundProtocol<Decision> {
  const { keys, p, rows, shifts, theta, scoreMax } = input;
  const replication = keys.checkFor(input.self, input.committee, input.threshold);
  const field = checkInput(input);
  const streams = keys.streams('comparison', input.runId, input.prf ?? softwareAesCtr);
  const slices = input.correlations.map((slice) => slice.consume());
  const engine = new BooleanEngine(replication, streams);
  try {
    const shares = maskedShares(field, shiftMajor(input.products, rows, shifts), slices);
    const opened = input.wide ? yield* openWide(field, { ...input, wide: input.wide }, shares) : yield* openMasked(field, replication, shares);
    input.onOpen?.('masked-scores', opened);
    const test = intervalTest(engine, p, opened, theta, scoreMax, slices);
    const summand = new Uint32Array(wordsFor(opened.length));
    engine.addLinear(summand, test.linear);
    for (const pair of test.products) engine.addProduct(summand, 0, pair);
    const bits = yield* engine.reshare(summand);
    return yield* decide(engine, bits, rows, shifts, input.opening, input.onOpen);
  } finally {
    engine.wipe();
    slices.forEach(wipeLanes);
  }
}

function checkInput(input: ComparisonInput): Field {
  const { p, theta, scoreMax } = input;
  if (!Number.isInteger(theta) || !Number.isInteger(scoreMax) || theta > scoreMax || scoreMax - theta + 1 >= p) throw badInput('θ must leave an interval shorter than p');
  if (input.wide) checkWide({ ...input, wide: input.wide });
  return checkProducts(input, input.wide?.holders ?? input.committee);
}

/** c = S + r per lane: a word of degree 2t over 2t + 1 points, interpolated at 0. One round, bits(p)·lanes to each member. */
function* openMasked(field: Field, { committee, self }: Replication, shares: Uint16Array): Rounds<Uint16Array> {
  const others = committee.filter((party) => party !== self);
  const payload = encodeResidues(field, shares);
  const received = yield { send: others.map((to) => ({ to, payload })), receiveFrom: others };
  const weights = lagrangeCoefficients(field, committee);
  const opened = new Uint16Array(shares.length);
  committee.forEach((party, i) => {
    const values = party === self ? shares : decodeResidues(field, received.get(party)!, shares.length, party);
    for (let k = 0; k < opened.length; k++) opened[k] = (opened[k]! + values[k]! * weights[i]!) % field.p;
  });
  return opened;
}
