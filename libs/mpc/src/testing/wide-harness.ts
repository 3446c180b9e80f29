import { type PartyId, type ProtocolMachine, roundMachine, utf8 } from '@boop/shared';
import { nodeAesCtr, runSimulation, seededRng } from '@boop/testing';
import { type BackEndName } from '../back-ends.ts';
import { type CommitteeKeys } from '../committee-keys.ts';
import { compareProtocol, contributeProtocol } from '../comparison.ts';
import { type CorrelationBatch } from '../correlation-batch.ts';
import { correlationBatch, outsideBatch } from '../correlations.ts';
import { type Decision } from '../match-sums.ts';
import { type HolderKeys } from '../holder-keys.ts';
import { type WideOpening } from '../wide-opening.ts';
import { id16, keyMachines, laneKernel, type Machines, outputsOf, type SharedInput, takeBlocks } from './committee-harness.ts';
import { allParties, holderKeys } from './split-harness.ts';

/** Keys of a committee and of all nodes around it. */
export interface WideNetwork {
  readonly holders: readonly PartyId[];
  readonly committee: readonly PartyId[];
  readonly threshold: number;
  readonly keys: ReadonlyMap<PartyId, CommitteeKeys>;
  readonly wideKeys: ReadonlyMap<PartyId, HolderKeys>;
}

export function wideNetwork(nodes: number, threshold: number, committee: readonly PartyId[], seed = 1): WideNetwork {
  const holders = allParties(nodes);
  const keys = outputsOf(runSimulation(keyMachines(committee, threshold, (party) => seededRng(seed * 1000 + party)), { seed }));
  return { holders, committee, threshold, keys, wideKeys: holderKeys(holders, threshold, seed) };
}

/** One batch at every holder: correlations in the committee, masks outside. */
export function wideBatches({ holders, committee, threshold, keys, wideKeys }: WideNetwork, p: number, lanes: number, batchId: string, seed = 1, backEnd: BackEndName = 'one-hot'): Map<PartyId, CorrelationBatch> {
  const common = (self: PartyId) => ({ self, committee, threshold, wideKeys: wideKeys.get(self)!, p, lanes, batchId: id16(batchId), laneKernel, backEnd, prf: nodeAesCtr });
  const members = outputsOf(runSimulation(new Map(committee.map((self) => [self, roundMachine(() => correlationBatch({ ...common(self), keys: keys.get(self)! }))])), { seed }));
  return new Map(holders.map((self) => [self, members.get(self) ?? outsideBatch(common(self))]));
}

/** All holders' machines of one comparison; outsiders end without an output. */
export function wideMachines(
  network: WideNetwork,
  batches: ReadonlyMap<PartyId, CorrelationBatch>,
  products: ReadonlyMap<PartyId, Uint16Array>,
  runId: string,
  input: SharedInput,
  wideOf: (party: PartyId) => Partial<WideOpening> = () => ({}),
): Machines<Decision | undefined> {
  const { holders, committee, threshold, keys } = network;
  const machines = new Map<PartyId, ProtocolMachine<Decision | undefined>>();
  for (const self of holders) {
    const batch = batches.get(self)!;
    const slices = takeBlocks(new Map([[self, batch]]), batch.nextLane, input).get(self)!;
    const wide = { holders, subject: utf8('the same subject at every node..'), ...wideOf(self) };
    const { rows, shifts, p, blockRows = rows, backEnd = 'one-hot' } = input;
    const common = { laneKernel, backEnd, self, committee, threshold, runId: id16(runId), products: products.get(self)!, correlations: slices, wide };
    machines.set(
      self,
      committee.includes(self)
        ? roundMachine<Decision | undefined>(() => compareProtocol({ ...input, ...common, keys: keys.get(self)! }))
        : roundMachine<Decision | undefined>(function* () {
            yield* contributeProtocol({ ...common, p, rows, shifts, blockRows });
            return undefined;
          }),
    );
  }
  return machines;
}
