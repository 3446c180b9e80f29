import { createField } from '@boop/field';
import { type PartyId, roundMachine } from '@boop/shared';
import { nodeAesCtr, runSimulation, seededUint32, type Tamper } from '@boop/testing';
import { type BackEndName, backEnds } from '../back-ends.ts';
import { committeeFamily } from '../committee.ts';
import { type CommitteeKeys } from '../committee-keys.ts';
import { compareProtocol, contributeProtocol } from '../comparison.ts';
import { correlationBatch, outsideBatch } from '../correlations.ts';
import { type HolderKeys } from '../holder-keys.ts';
import { type Decision } from '../match-sums.ts';
import { type Prf } from '../prf.ts';
import { id16, keyMachines, laneKernel, type Machines, outputsOf, shareScores } from './committee-harness.ts';
import { allParties, holderKeys, pairedStatistic, shareAnything, splitCheckMachines } from './split-harness.ts';

/** What a liar can feed into its own side, following the protocol otherwise. */
export type LocalLie = 'products +1' | 'products random' | 'keys stream' | 'correlations swapped' | 'share random';

/** What became of one run at one honest party. */
export type Ending = { readonly kind: 'right' | 'wrong' | 'stalled' } | { readonly kind: 'abort'; readonly code: string; readonly blame: readonly PartyId[] };

/** One protocol with fixed inputs, of which any number of fresh runs can be made. */
export interface Scenario {
  readonly name: string;
  readonly nodes: number;
  readonly threshold: number;
  /** Who takes part. */
  readonly parties: readonly PartyId[];
  readonly localLies: readonly LocalLie[];
  /** Who decides, when not everybody does; a member can turn the decision of its own committee. */
  readonly committee?: readonly PartyId[];
  /** Runs it once, all chance drawn from `seed`, and says how it ended at each party; `wrong` is an output that honest parties alone would not have had. */
  run(tamper: Tamper, local: { readonly liars: readonly PartyId[]; readonly lie?: LocalLie }, seed: number): Map<PartyId, Ending>;
}

const p = 8191;
const rows = 2;
const shifts = 2;
const shape = { p, scoreMax: 2048, theta: 302, rows, shifts };

type Outcome<Output> = { readonly kind: 'done'; readonly output: Output } | { readonly kind: 'stalled' } | { readonly kind: 'abort'; readonly code: string; readonly blame: readonly PartyId[] };

function endings<Output>(outcomes: ReadonlyMap<PartyId, Outcome<Output>>, isRight: (output: Output, party: PartyId, all: ReadonlyMap<PartyId, Outcome<Output>>) => boolean): Map<PartyId, Ending> {
  return new Map([...outcomes].map(([party, outcome]): [PartyId, Ending] => [party, outcome.kind === 'done' ? { kind: isRight(outcome.output, party, outcomes) ? 'right' : 'wrong' } : outcome]));
}

/** A liar's keystream, other than what it agreed on. */
const otherStream: Prf = { keystream: (key, firstBlock, blockCount) => nodeAesCtr.keystream(key, firstBlock + 1_000_000, blockCount) };

/** Keys agreed among a committee or wider holders: right when all honest ones that finish hold the same for each component. */
export function keyScenario(nodes: number, threshold: number): Scenario {
  const parties = allParties(nodes).slice(0, 2 * threshold + 1);
  return {
    name: 'key agreement',
    nodes,
    threshold,
    parties,
    localLies: [],
    run(tamper, { liars }, seed) {
      const outcomes = runSimulation(keyMachines(parties, threshold, (party) => seededOf(seed, party)), { seed, tamper });
      const prints = (keys: CommitteeKeys): Map<number, string> => new Map(keys.streams('test', id16('print'), nodeAesCtr).map((stream, c) => [keys.replication.held[c]!, stream.bytes(16).join()]));
      const known = new Map([...outcomes].flatMap(([party, outcome]) => (outcome.kind === 'done' && !liars.includes(party) ? [[party, prints(outcome.output)] as const] : [])));
      return endings(outcomes, (_keys, party) => [...(known.get(party) ?? [])].every(([component, print]) => [...known.values()].every((other) => (other.get(component) ?? print) === print)));
    },
  };
}

const seededOf = (seed: number, party: PartyId) => {
  const next = seededUint32(seed * 100 + party);
  return { bytes: (count: number): Uint8Array => Uint8Array.from({ length: count }, () => next() & 255) };
};

/** A check of a split; `good` or not. Right is a verdict that fits. */
export function splitScenario(nodes: number, threshold: number, good: boolean): Scenario {
  const parties = allParties(nodes);
  const statistic = pairedStatistic;
  const next = seededUint32(5);
  const template = Array.from({ length: statistic.coordinates }, (_, i) => (i < statistic.codeCoordinates ? (next() & 1 ? 1 : -1) : good ? 1 : -1));
  const table = shareAnything(template, statistic.p, nodes, threshold, next);
  const keys = holderKeys(parties, threshold, 9);
  return {
    name: good ? 'check of a good split' : 'check of a wolf',
    nodes,
    threshold,
    parties,
    localLies: ['share random', 'keys stream'],
    run(tamper, { liars, lie }, seed) {
      const random = seededUint32(seed);
      const own = table.map((share, at) => (lie === 'share random' && liars.includes((at + 1) as PartyId) ? share.map(() => random() % statistic.p) : share));
      const machines = splitCheckMachines({ keys, threshold, runId: `check ${seed}`, items: [{ table: own, valid: statistic.coordinates - statistic.codeCoordinates }], statistic });
      if (lie === 'keys stream')
        for (const [party, machine] of splitCheckMachines({ keys, threshold, runId: `other ${seed}`, items: [{ table: own, valid: statistic.coordinates - statistic.codeCoordinates }], statistic })) if (liars.includes(party)) machines.set(party, machine);
      return endings(runSimulation(machines, { seed, tamper }), () => good);
    },
  };
}

/** Keys of one committee and all nodes, agreed once: each run takes fresh ids. */
interface Keys {
  readonly keys: ReadonlyMap<PartyId, CommitteeKeys>;
  readonly wideKeys: ReadonlyMap<PartyId, HolderKeys>;
}

const keysOf = (nodes: number, threshold: number, committee: readonly PartyId[]): Keys => ({
  keys: outputsOf(runSimulation(keyMachines(committee, threshold, (party) => seededOf(77, party)), { seed: 3 })),
  wideKeys: nodes >= 3 * threshold + 1 ? holderKeys(allParties(nodes), threshold, 4) : new Map<PartyId, HolderKeys>(),
});

/**
 * Offline and online of one comparison in one committee, c checked over all nodes. Nobody matches; right is `none`, or a bit that is not set.
 * @param stage whose messages are met: in the other everybody is honest
 */
export function comparisonScenario(nodes: number, threshold: number, committee: readonly PartyId[], backEnd: BackEndName, stage: 'correlations' | 'comparison', opening: 'identify' | 'any' = 'any'): Scenario {
  const holders = allParties(nodes);
  const { keys, wideKeys } = keysOf(nodes, threshold, committee);
  const field = createField(p);
  const losing = Array.from({ length: rows * shifts }, (_, i) => -700 - 13 * i);
  return {
    name: stage === 'correlations' ? `correlations, ${backEnd}` : `comparison, ${backEnd}`,
    nodes,
    threshold,
    parties: stage === 'correlations' ? committee : holders,
    committee,
    localLies: stage === 'correlations' ? ['keys stream'] : ['products +1', 'products random', 'keys stream', 'correlations swapped'],
    run(tamper, { liars, lie }, seed) {
      const lies = (party: PartyId, which: LocalLie): boolean => lie === which && liars.includes(party);
      const batch = (self: PartyId) => ({ self, committee, threshold, wideKeys: wideKeys.get(self)!, p, lanes: 64, batchId: id16(`batch ${seed}`), laneKernel, backEnd, prf: stage === 'correlations' && lies(self, 'keys stream') ? otherStream : nodeAesCtr });
      const honestly: Tamper = (_from, _to, payload) => payload;
      const made = runSimulation(new Map(committee.map((self) => [self, roundMachine(() => correlationBatch({ ...batch(self), keys: keys.get(self)! }))])), { seed, tamper: stage === 'correlations' ? tamper : honestly });
      const failed = [...made].some(([party, outcome]) => outcome.kind !== 'done' && !liars.includes(party));
      if (failed) return endings(made, () => true);
      const next = seededUint32(seed);
      const products = shareScores(losing, p, holders, threshold, next);
      for (const liar of liars) {
        const own = products.get(liar)!;
        if (lies(liar, 'products +1')) products.set(liar, own.map((share) => field.add(share, 1)));
        if (lies(liar, 'products random')) products.set(liar, own.map(() => next() % p));
      }
      const machines: Machines<Decision | undefined> = new Map();
      for (const self of holders) {
        const outcome = made.get(self);
        // A liar whose own batch failed has nothing to go on with.
        if (committee.includes(self) && outcome?.kind !== 'done') continue;
        const slices = outcome?.kind === 'done' ? outcome.output : outsideBatch(batch(self));
        const correlations = [lies(self, 'correlations swapped') ? slices.take(32, 64) : slices.take(0, 32)];
        const prf = stage === 'comparison' && lies(self, 'keys stream') ? otherStream : nodeAesCtr;
        const common = { ...shape, backEnd, laneKernel, self, committee, threshold, runId: id16(`run ${seed}`), products: products.get(self)!, correlations, wide: { holders, subject: new Uint8Array(32).fill(1) }, prf };
        const machine = committee.includes(self)
          ? roundMachine<Decision | undefined>(() => compareProtocol({ ...common, keys: keys.get(self)!, opening }))
          : roundMachine<Decision | undefined>(function* () {
              yield* contributeProtocol(common);
              return undefined;
            });
        machines.set(self, machine);
      }
      const isRight = (decision: Decision | undefined): boolean => decision === undefined || (decision.kind === 'bit' ? !decision.bit : decision.kind === 'none');
      return endings(runSimulation(machines, { seed, tamper: stage === 'comparison' ? tamper : honestly }), isRight);
    },
  };
}

/** All protocols of `@boop/mpc`, every back end that there is. */
export function scenarios(nodes: number, threshold: number): Scenario[] {
  const [committee] = committeeFamily(allParties(nodes), nodes, threshold).committees as [PartyId[]];
  const names = Object.keys(backEnds) as BackEndName[];
  return [
    keyScenario(nodes, threshold),
    splitScenario(nodes, threshold, true),
    splitScenario(nodes, threshold, false),
    ...names.map((name) => comparisonScenario(nodes, threshold, committee, name, 'correlations')),
    ...names.map((name) => comparisonScenario(nodes, threshold, committee, name, 'comparison')),
    ...names.map((name) => ({ ...comparisonScenario(nodes, threshold, committee, name, 'comparison', 'identify'), name: `identification, ${name}` })),
  ];
}
