import { createField, lagrangeCoefficients } from '@boop/field';
import { type Outgoing, type PartyId, type ProtocolMachine, roundMachine, type RoundProtocol, utf8 } from '@boop/shared';
import { nodeAesCtr, runSimulation, seededRng, seededUint32, type SimulationOptions, type SimulationOutcome } from '@boop/testing';
import { type HolderKeys } from '../holder-keys.ts';
import { COMBINATIONS } from '../resharing/combinations.ts';
import { decodeDealing, encodeDealing } from '../resharing/dealing.ts';
import { participantsOf, type ResharingParties } from '../resharing/resharing-parties.ts';
import { deal, reshare, reshareDealing, type ResharingInput } from '../resharing/resharing.ts';
import { id16 } from './committee-harness.ts';
import { holderKeys, shareAnything } from './split-harness.ts';

export const p = 8191;
type Party = (input: ResharingInput, seed: number) => RoundProtocol<Uint16Array | undefined>;
export type Outcomes = Map<PartyId, SimulationOutcome<Uint16Array | undefined>>;

/** Values shared among 1…N with degree t. */
export function sharingOf(values: readonly number[], nodes: number, threshold: number, seed = 1): Map<PartyId, Uint16Array> {
  return new Map(shareAnything(values, p, nodes, threshold, seededUint32(seed)).map((share, at) => [(at + 1) as PartyId, Uint16Array.from(share)]));
}

export function reconstruct(shares: ReadonlyMap<PartyId, Uint16Array>, parties: readonly PartyId[]): number[] {
  const field = createField(p);
  const weights = lagrangeCoefficients(field, parties);
  return [...shares.get(parties[0]!)!].map((_, i) => parties.reduce((sum, party, at) => (sum + weights[at]! * shares.get(party)![i]!) % p, 0));
}

const keysOf = new Map<string, Map<PartyId, HolderKeys>>();
function dealerKeys(dealers: readonly PartyId[], threshold: number): Map<PartyId, HolderKeys> {
  const name = `${dealers.join()}/${threshold}`;
  if (!keysOf.has(name)) keysOf.set(name, holderKeys(dealers, threshold));
  return keysOf.get(name)!;
}

export interface ResharingRun extends ResharingParties {
  readonly shares: ReadonlyMap<PartyId, Uint16Array>;
  readonly runId: string;
  readonly roles?: Partial<Record<number, Party>>;
  readonly seed?: number;
  readonly keys?: ReadonlyMap<PartyId, HolderKeys>;
  readonly contextOf?: (party: PartyId) => Uint8Array;
}

const honest: Party = (input, seed) => reshare(input, seededRng(seed));

export function runResharing(setup: ResharingRun, options: SimulationOptions = {}): Outcomes {
  const { shares, runId, roles = {}, seed = 1, contextOf = () => utf8('epoch 1 to 2') } = setup;
  const keys = setup.keys ?? dealerKeys(setup.dealers, setup.dealerThreshold);
  const { dealers, dealerThreshold, receivers, receiverThreshold } = setup;
  const count = shares.get(dealers[0]!)!.length;
  const machines = new Map<PartyId, ProtocolMachine<Uint16Array | undefined>>();
  for (const self of participantsOf(setup)) {
    const dealing = dealers.includes(self) ? { share: shares.get(self)!, keys: keys.get(self)! } : {};
    const input: ResharingInput = { dealers, dealerThreshold, receivers, receiverThreshold, self, p, count, runId: id16(runId), context: contextOf(self), prf: nodeAesCtr, ...dealing };
    machines.set(self, roundMachine(() => (roles[self] ?? honest)(input, seed * 1000 + self)));
  }
  return runSimulation(machines, { seed, ...options });
}

/** New shares of a run in which all ended well. */
export function newShares(outcomes: Outcomes): Map<PartyId, Uint16Array> {
  return new Map([...outcomes].flatMap(([party, outcome]) => {
    if (outcome.kind !== 'done') throw new Error(`${party}: ${JSON.stringify(outcome)}`);
    return outcome.output ? [[party, outcome.output] as const] : [];
  }));
}

/** An otherwise honest party that changes what it sends in one round. */
export function meddler(round: number, change: (send: readonly Outgoing[], input: ResharingInput) => readonly Outgoing[]): Party {
  return function* (input, seed) {
    const protocol = honest(input, seed);
    let received: ReadonlyMap<PartyId, Uint8Array> = new Map();
    for (let at = 0; ; at++) {
      const step: IteratorResult<{ send: readonly Outgoing[]; receiveFrom: readonly PartyId[] }, Uint16Array | undefined> = protocol.next(received);
      if (step.done) return step.value;
      received = yield { send: at === round ? change(step.value.send, input) : step.value.send, receiveFrom: step.value.receiveFrom };
    }
  };
}

/** A dealer that deals other sub-shares to whom it likes, and tells the digests of what it has really dealt. */
export const dealingMeddler = (change: (subShares: Uint16Array, to: PartyId, input: ResharingInput) => void): Party => (input, seed) =>
  reshareDealing(
    (...given) => {
      const dealings = deal(...given);
      const field = createField(p);
      for (const [to, dealing] of dealings) {
        const subShares = decodeDealing(field, dealing, input.count + COMBINATIONS, input.self);
        change(subShares, to, input);
        dealings.set(to, encodeDealing(field, subShares, seededRng(to)));
      }
      return dealings;
    },
    input,
    seededRng(seed),
  );

/** A dealer that takes other values for its shares, and follows the protocol on them. */
export const shifting = (change: (share: Uint16Array) => void): Party => (input, seed) => {
  const share = input.share!.slice();
  change(share);
  return honest({ ...input, share }, seed);
};
