import { type LaneArena, type LaneKernel, laneKernel as sharedKernel } from '@boop/kernels';
import { type PartyId, type RoundProtocol } from '@boop/shared';
import { type BackEndName, backEnds } from './back-ends.ts';
import { type OpeningRecorder } from './boolean-engine.ts';
import { type CommitteeKeys } from './committee-keys.ts';
import { type CorrelationSlice, loadSlices } from './correlation-batch.ts';
import { openMatches, type OrForm } from './decision.ts';
import { badInput, blockProducts, checkBlockShape } from './masked-scores.ts';
import { type Decision, MatchSums, type Opening } from './match-sums.ts';
import { blockId, contributeBlock, onlineBlock } from './online-block.ts';
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
  /** rows × shifts: this node's shares of degree 2t of the scores, canonical. */
  readonly products: Uint16Array;
  /** How they lie: products[row·shifts + shift], or products[shift·rows + row], which takes no copy where a run is one block. Rows first unless said otherwise. */
  readonly productOrder?: 'rows' | 'shifts';
  /** Together at least rows·shifts lanes, the same ranges at every holder; a slice serves one block. Consumed and wiped. */
  readonly correlations: readonly CorrelationSlice[];
  /** Rows that are compared at a time, the last block has what is left; all at once unless said otherwise, or for `all` and trees. The same at every holder. */
  readonly blockRows?: number;
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
 * One comparison run in one committee, with correlations from a pool: {@link onlineBlock} for each block in turn, then {@link openMatches}. With one-hot
 * correlations, one block and `any` three rounds in all: c, the interval's products, the decision.
 */
export function* compareProtocol(input: ComparisonInput): RoundProtocol<Decision> {
  const { laneKernel = sharedKernel(), backEnd = 'one-hot', rows, opening } = input;
  input.keys.checkFor(input.self, input.committee, input.threshold);
  const party = { ...input, backEnd };
  const sums = new MatchSums(1, opening);
  const blocks = blocksOf(input, backEnd, input.wide?.holders ?? input.committee);
  if (blocks.length > 1 && (opening === 'all' || input.orForm === 'tree')) throw badInput('blocks are summed up');
  for (const block of blocks) {
    const arena = laneKernel.createArena();
    try {
      sums.add(yield* onlineBlock(party, arena, { ...input, ...loaded(arena, block, input) }));
    } finally {
      laneKernel.giveBack(arena);
    }
  }
  const [decision] = (yield* openMatches(party, { ...input, sums, rows })) as [Decision];
  return decision;
}

/** A holder's side outside the committee: it sends its shares of c and learns nothing. Two rounds a block, 13 bits per lane and member over 8191. */
export function* contributeProtocol(input: ContributeInput): RoundProtocol<void> {
  const { laneKernel = sharedKernel(), backEnd = 'one-hot' } = input;
  const blocks = blocksOf(input, backEnd, input.wide.holders);
  for (const block of blocks) {
    const arena = laneKernel.createArena();
    try {
      yield* contributeBlock({ ...input, backEnd }, arena, { ...input, ...loaded(arena, block, input) });
    } finally {
      laneKernel.giveBack(arena);
    }
    // Rounds of the committee alone, so that the next block's have the same numbers everywhere.
    if (block !== blocks.at(-1)) for (let round = 1; round < backEnds[backEnd].onlineRounds(input.p); round++) yield { send: [], receiveFrom: [] };
  }
}

interface ProbeBlock {
  readonly runId: Uint8Array;
  readonly probes: 1;
  readonly rows: number;
  readonly shifts: number;
  readonly firstRow: number;
  readonly slices: readonly CorrelationSlice[];
}

/** The rows of one probe in blocks, each with the slices that it takes; throws BoopError `comparison.input` before any is used up. */
function blocksOf(input: Omit<ContributeInput, 'wide'>, backEnd: BackEndName, holders: readonly PartyId[]): ProbeBlock[] {
  const { p, committee, runId, rows, shifts, products, correlations, blockRows = rows } = input;
  if (!Number.isInteger(rows) || rows < 1 || !Number.isInteger(blockRows) || blockRows < 1 || products.length !== rows * shifts) throw badInput('products are rows × shifts, in blocks of whole rows');
  const blocks: ProbeBlock[] = [];
  let next = 0;
  for (let firstRow = 0; firstRow < rows; firstRow += blockRows) {
    const shape = { probes: 1, rows: Math.min(blockRows, rows - firstRow), shifts, firstRow } as const;
    // As many of the products as the block has; together all are checked, whatever their order.
    const part = products.subarray(firstRow * shifts, (firstRow + shape.rows) * shifts);
    const slices: CorrelationSlice[] = [];
    let lanes = 0;
    for (; lanes < part.length && next < correlations.length; next++) {
      slices.push(correlations[next]!);
      lanes += correlations[next]!.lanes;
    }
    if (slices.length === 0) throw badInput('correlations of another committee, or too few');
    for (const { scope } of slices) checkBlockShape(p, committee, backEnd, { ...shape, products: part, correlations: { scope, lanes } }, holders);
    blocks.push({ ...shape, runId: blockRows >= rows ? runId : blockId(runId, blocks.length), slices });
  }
  return blocks;
}

const loaded = (arena: LaneArena, { slices, ...block }: ProbeBlock, input: Pick<ContributeInput, 'products' | 'productOrder' | 'rows'>) => ({
  ...block,
  products: blockProducts(input, block),
  correlations: loadSlices(arena, slices),
});
