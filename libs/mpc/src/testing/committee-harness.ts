import { createField, evaluatePolynomial } from '@boop/field';
import { laneKernel as threadKernel } from '@boop/kernels';
import { type PartyId, partyId, type ProtocolMachine, type Rng, roundMachine, utf8 } from '@boop/shared';
import { type BackEndName } from '../back-ends.ts';
import { type CommitteeKeys } from '../committee-keys.ts';
import { compareProtocol, type ComparisonInput } from '../comparison.ts';
import { type CorrelationBatch, type CorrelationSlice } from '../correlation-batch.ts';
import { correlationBatch } from '../correlations.ts';
import { type Decision } from '../match-sums.ts';
import { agreeCommitteeKeys } from '../key-agreement.ts';
import { type Prf } from '../prf.ts';

/** All supported (N, t). */
export const parameterSets: readonly (readonly [nodes: number, threshold: number])[] = [
  [3, 1],
  [4, 1],
  [5, 1],
  [5, 2],
  [7, 2],
  [7, 3],
];

/** Most tests compute in WASM, as nodes do; the TypeScript twin is compared with it operation by operation. */
export const laneKernel = threadKernel();

export type Machines<Output> = Map<PartyId, ProtocolMachine<Output>>;

export const partyIds = (...ids: number[]): PartyId[] => ids.map(partyId);

/** 2t + 1 of N nodes, drawn without order. */
export function drawCommittee(nodes: number, threshold: number, next: () => number): PartyId[] {
  const all = Array.from({ length: nodes }, (_, i) => partyId(i + 1));
  while (all.length > 2 * threshold + 1) all.splice(next() % all.length, 1);
  return all;
}

export const id16 = (text: string): Uint8Array => {
  const out = new Uint8Array(16);
  out.set(utf8(text).subarray(0, 16));
  return out;
};

export function keyMachines(committee: readonly PartyId[], threshold: number, rngOf: (party: PartyId) => Rng): Machines<CommitteeKeys> {
  const context = utf8('test network, epoch 1');
  return new Map(committee.map((self) => [self, roundMachine(() => agreeCommitteeKeys({ self, committee, threshold, context }, rngOf(self)))]));
}

export function correlationMachines(keys: ReadonlyMap<PartyId, CommitteeKeys>, threshold: number, p: number, lanes: number, batchId: string, prf?: Prf, backEnd: BackEndName = 'one-hot'): Machines<CorrelationBatch> {
  const committee = [...keys.keys()];
  return new Map(
    committee.map((self) => [
      self,
      roundMachine(() => correlationBatch({ self, committee, threshold, keys: keys.get(self)!, p, lanes, batchId: id16(batchId), laneKernel, backEnd, ...(prf && { prf }) })),
    ]),
  );
}

export type SharedInput = Pick<ComparisonInput, 'p' | 'scoreMax' | 'theta' | 'rows' | 'shifts' | 'opening' | 'backEnd' | 'orForm' | 'blockRows' | 'productOrder' | 'laneKernel'> & { readonly onOpen?: ComparisonInput['onOpen']; readonly prf?: Prf };

export function comparisonMachines(
  keys: ReadonlyMap<PartyId, CommitteeKeys>,
  threshold: number,
  correlations: ReadonlyMap<PartyId, readonly CorrelationSlice[]>,
  products: ReadonlyMap<PartyId, Uint16Array>,
  runId: string,
  input: SharedInput,
): Machines<Decision> {
  const committee = [...keys.keys()];
  const { onOpen, ...rest } = input;
  return new Map(
    committee.map((self) => [
      self,
      roundMachine(() =>
        compareProtocol({
          laneKernel,
          ...rest,
          ...(onOpen && { onOpen }),
          self,
          committee,
          threshold,
          keys: keys.get(self)!,
          runId: id16(runId),
          products: products.get(self)!,
          correlations: correlations.get(self)!,
        }),
      ),
    ]),
  );
}

/** Random polynomials of degree 2t through the scores: what local products of shares look like. */
export function shareScores(scores: readonly number[], p: number, committee: readonly PartyId[], threshold: number, next: () => number): Map<PartyId, Uint16Array> {
  const field = createField(p);
  const shares = new Map(committee.map((party) => [party, new Uint16Array(scores.length)]));
  scores.forEach((score, i) => {
    const polynomial = [field.reduce(score), ...Array.from({ length: 2 * threshold }, () => next() % p)];
    for (const party of committee) shares.get(party)![i] = evaluatePolynomial(field, polynomial, party);
  });
  return shares;
}

type Outcome<Output> = { readonly kind: 'done'; readonly output: Output } | { readonly kind: 'abort' | 'stalled' };

/** Outputs of a run in which every party must finish. */
export function outputsOf<Output>(outcomes: ReadonlyMap<PartyId, Outcome<Output>>): Map<PartyId, Output> {
  return new Map(
    [...outcomes].map(([party, outcome]) => {
      if (outcome.kind !== 'done') throw new Error(`party ${party}: ${JSON.stringify(outcome)}`);
      return [party, outcome.output];
    }),
  );
}

/** The same range of lanes at every member. */
export const takeLanes = (batches: ReadonlyMap<PartyId, CorrelationBatch>, from: number, to: number): Map<PartyId, CorrelationSlice[]> =>
  new Map([...batches].map(([party, batch]) => [party, [batch.take(from, to)]]));

/** The same for a run in blocks: a slice for each. */
export function takeBlocks(batches: ReadonlyMap<PartyId, CorrelationBatch>, from: number, { rows, shifts, blockRows = rows }: Pick<SharedInput, 'rows' | 'shifts' | 'blockRows'>): Map<PartyId, CorrelationSlice[]> {
  const widths = Array.from({ length: Math.ceil(rows / blockRows) }, (_, block) => lanesFor(Math.min(blockRows, rows - block * blockRows) * shifts));
  const ends = widths.map((_, block) => from + widths.slice(0, block + 1).reduce((sum, width) => sum + width, 0));
  return new Map([...batches].map(([party, batch]) => [party, ends.map((end, block) => batch.take(end - widths[block]!, end))]));
}

export const lanesFor = (comparisons: number): number => Math.ceil(comparisons / 32) * 32;

/** The decision in the clear. */
export function plainDecision(scores: readonly number[], input: SharedInput): Decision {
  const matches = Array.from({ length: input.rows }, (_, row) => scores.slice(row * input.shifts, (row + 1) * input.shifts).some((s) => s >= input.theta));
  const hits = matches.flatMap((hit, row) => (hit ? [row] : []));
  if (input.opening === 'any') return { kind: 'bit', bit: hits.length > 0 };
  if (input.opening === 'all') return { kind: 'bit', bit: hits.length === input.rows };
  return hits.length === 0 ? { kind: 'none' } : hits.length === 1 ? { kind: 'one', row: hits[0]! } : { kind: 'several' };
}
