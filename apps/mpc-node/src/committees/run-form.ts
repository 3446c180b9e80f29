import { type ComparisonPlan, planComparison, type PlanReason } from '@boop/mpc';
import { BoopError } from '@boop/shared';
import { type PoolBackEnd } from '../link/peer-methods.ts';
import { lanesFor } from './lanes.ts';
import { type RunPlan } from './run-plan.ts';

/** How a run is compared, the same at all its holders. */
export interface RunForm {
  readonly backEnd: PoolBackEnd;
  readonly blockRows: number;
}

export interface ChosenForm extends RunForm {
  /** Of correlations that are made for this run. */
  readonly adder: ComparisonPlan['adder'];
  readonly reason: PlanReason;
}

/** A transcript has room for so many blocks' messages. */
const blocksMax = 16;
/** Whole slices of lanes whatever the number of shifts. */
const groupRows = 128;

/** Lanes of each block of a run. */
export function blockWidths(rows: number, shifts: number, { blockRows }: Pick<RunForm, 'blockRows'>): number[] {
  return Array.from({ length: Math.ceil(rows / blockRows) }, (_, block) => lanesFor(Math.min(blockRows, rows - block * blockRows) * shifts));
}

/** What the lowest party of a committee chooses for a run; see `planComparison`. */
export function chooseForm({ rows, opening }: Pick<RunPlan, 'rows' | 'opening'>, shifts: number, input: { roundTripMs: number; oneHotLanes: number; digitLanes: number; threshold: number; p: number; lanesPerBlock?: number | undefined }): ChosenForm {
  const { roundTripMs, oneHotLanes, digitLanes, threshold, p, lanesPerBlock = Infinity } = input;
  const plan = planComparison({ comparisons: lanesFor(rows * shifts), roundTripMs, poolLanes: oneHotLanes, digitLanes, threshold, p });
  const { backEnd, adder, reason, blockLanes } = plan;
  if (backEnd === 'bit-sliced') throw new BoopError('run.form', 'no run is compared bit by bit', { kind: 'fatal' });
  return { backEnd, adder, reason, blockRows: opening === 'all' ? rows : blockRowsFor(rows, Math.floor(Math.min(blockLanes, lanesPerBlock) / shifts)) };
}

/** @throws BoopError `run.malformed` unless a run can be compared in this form */
export function checkForm({ rows, opening }: Pick<RunPlan, 'rows' | 'opening'>, { blockRows }: RunForm): void {
  const fits = blockRows >= rows || (opening !== 'all' && blockRows % groupRows === 0 && rows <= blockRows * blocksMax);
  if (!fits) throw new BoopError('run.malformed', 'the run is cut into blocks that it can\'t have', { kind: 'peer' });
}

function blockRowsFor(rows: number, best: number): number {
  if (rows <= Math.max(best, groupRows)) return rows;
  const least = Math.ceil(rows / blocksMax);
  return Math.ceil(Math.max(least, best - (best % groupRows)) / groupRows) * groupRows;
}
