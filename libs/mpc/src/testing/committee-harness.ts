import { createField, evaluatePolynomial } from '@boop/field';
import { type PartyId, partyId, type ProtocolMachine, type Rng, roundMachine, utf8 } from '@boop/shared';
import { type CommitteeKeys } from '../committee-keys.ts';
import { compareProtocol, type ComparisonInput } from '../comparison.ts';
import { type CorrelationBatch, type CorrelationSlice } from '../correlation-batch.ts';
import { correlationBatch } from '../correlations.ts';
import { type Decision } from '../decision.ts';
import { agreeCommitteeKeys } from '../key-agreement.ts';

/** All supported (N, t). */
export const parameterSets: readonly (readonly [nodes: number, threshold: number])[] = [
  [3, 1],
  [4, 1],
  [5, 1],
  [5, 2],
  [7, 2],
  [7, 3],
];

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

export function correlationMachines(keys: ReadonlyMap<PartyId, CommitteeKeys>, threshold: number, p: number, lanes: number, batchId: string): Machines<CorrelationBatch> {
  const committee = [...keys.keys()];
  return new Map(
    committee.map((self) => [
      self,
      roundMachine(() => correlationBatch({ self, committee, threshold, keys: keys.get(self)!, p, lanes, batchId: id16(batchId) })),
    ]),
  );
}

export type SharedInput = Pick<ComparisonInput, 'p' | 'scoreMax' | 'theta' | 'rows' | 'shifts' | 'opening'> & { readonly onOpen?: ComparisonInput['onOpen'] };

export function comparisonMachines(
  keys: ReadonlyMap<PartyId, CommitteeKeys>,
  threshold: number,
  correlations: ReadonlyMap<PartyId, readonly CorrelationSlice[]>,
  products: ReadonlyMap<PartyId, Uint16Array>,
  runId: string,
  input: SharedInput,
): Machines<Decision> {
  const committee = [...keys.keys()];
  return new Map(
    committee.map((self) => [
      self,
      roundMachine(() =>
        compareProtocol({
          ...input,
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

/** The decision in the clear. */
export function plainDecision(scores: readonly number[], input: SharedInput): Decision {
  const matches = Array.from({ length: input.rows }, (_, row) => scores.slice(row * input.shifts, (row + 1) * input.shifts).some((s) => s >= input.theta));
  const hits = matches.flatMap((hit, row) => (hit ? [row] : []));
  if (input.opening === 'any') return { kind: 'bit', bit: hits.length > 0 };
  if (input.opening === 'all') return { kind: 'bit', bit: hits.length === input.rows };
  return hits.length === 0 ? { kind: 'none' } : hits.length === 1 ? { kind: 'one', row: hits[0]! } : { kind: 'several' };
}
