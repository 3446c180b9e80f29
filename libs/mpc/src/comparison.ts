import { type LaneArena, type LaneKernel, laneKernel as sharedKernel } from '@boop/kernels';
import { type PartyId, type RoundProtocol } from '@boop/shared';
import { type BackEndName } from './back-ends.ts';
import { type OpeningRecorder } from './boolean-engine.ts';
import { type CommitteeKeys } from './committee-keys.ts';
import { type CorrelationSlice, loadSlices } from './correlation-batch.ts';
import { openMatches, type OrForm } from './decision.ts';
import { badInput, checkBlockShape, shiftMajor } from './masked-scores.ts';
import { type Decision, type Opening } from './match-sums.ts';
import { contributeBlock, onlineBlock } from './online-block.ts';
import { type Prf } from './prf.ts';
import { type WideOpening } from './wide-opening.ts';

/** What every holder of masks brings to a run. */
export interface ContributeInput {
  readonly self: PartyId;
  readonly committee: readonly PartyId[];
  readonly threshold: number;
  /** 16 bytes, used once under these keys. */
  readonly runId: Uint8Array;
  readonly p: number;
  readonly rows: number;
  readonly shifts: number;
  /** rows × shifts, row-major: this node's shares of degree 2t of the scores, canonical. */
  readonly products: Uint16Array;
  /** Together at least rows·shifts lanes, the same ranges at every holder; consumed and wiped. */
  readonly correlations: readonly CorrelationSlice[];
  readonly wide: WideOpening;
  /** `one-hot` unless said otherwise. */
  readonly backEnd?: BackEndName;
  /** Where lanes are computed; the thread's own kernel unless said otherwise. */
  readonly laneKernel?: LaneKernel;
}

export interface ComparisonInput extends Omit<ContributeInput, 'wide'> {
  readonly keys: CommitteeKeys;
  /** Every score lies in (scoreMax − p, scoreMax]. */
  readonly scoreMax: number;
  /** Accepting scores are θ … scoreMax. */
  readonly theta: number;
  readonly opening: Opening;
  /** `sum` unless said otherwise. */
  readonly orForm?: OrForm;
  /** With correlations of wider holders: what they all open, see {@link WideOpening}. */
  readonly wide?: WideOpening;
  readonly prf?: Prf;
  readonly onOpen?: OpeningRecorder;
}

/**
 * One comparison run of one block in one committee, with correlations from a pool: {@link onlineBlock}, then {@link openMatches}. With one-hot
 * correlations and `any` three rounds in all: c, the interval's products, the decision.
 */
export function* compareProtocol(input: ComparisonInput): RoundProtocol<Decision> {
  const { laneKernel = sharedKernel(), backEnd = 'one-hot', rows } = input;
  input.keys.checkFor(input.self, input.committee, input.threshold);
  const arena = laneKernel.createArena();
  const party = { ...input, backEnd };
  try {
    const sums = yield* onlineBlock(party, arena, { ...input, ...oneProbe(arena, input, backEnd, input.wide?.holders ?? input.committee) });
    const [decision] = (yield* openMatches(party, { ...input, sums, rows })) as [Decision];
    return decision;
  } finally {
    laneKernel.giveBack(arena);
  }
}

/** A holder's side outside the committee: it sends its shares of c and learns nothing. Two rounds, 13 bits per lane and member over 8191. */
export function* contributeProtocol(input: ContributeInput): RoundProtocol<void> {
  const { laneKernel = sharedKernel(), backEnd = 'one-hot' } = input;
  const arena = laneKernel.createArena();
  try {
    yield* contributeBlock({ ...input, backEnd }, arena, { ...input, ...oneProbe(arena, input, backEnd, input.wide.holders) });
  } finally {
    laneKernel.giveBack(arena);
  }
}

/** The rows of one probe as a block, its correlations loaded; throws BoopError `comparison.input` before any is used up. */
function oneProbe(arena: LaneArena, input: Omit<ContributeInput, 'wide'>, backEnd: BackEndName, holders: readonly PartyId[]) {
  const { p, committee, rows, shifts, products, correlations: slices } = input;
  const shape = { probes: 1, rows, shifts, firstRow: 0 };
  const lanes = slices.reduce((sum, slice) => sum + slice.lanes, 0);
  if (slices.length === 0) throw badInput('correlations of another committee, or too few');
  for (const { scope } of slices) checkBlockShape(p, committee, backEnd, { ...shape, products, correlations: { scope, lanes } }, holders);
  return { ...shape, products: shiftMajor(products, rows, shifts), correlations: loadSlices(arena, slices) };
}
