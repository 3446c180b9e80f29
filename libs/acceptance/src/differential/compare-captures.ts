import { opensslCtr as prf } from '@boop/engine';
import { type Kernel, laneKernel, loadKernel } from '@boop/kernels';
import { agreeCommitteeKeys, type BackEndName, blockId, type CommitteeKeys, offlineBlock, onlineBits, parseShare, scoreShares, splitTemplate, type Statistic } from '@boop/mpc';
import { type PartyId, partyId, roundMachine, type RoundProtocol } from '@boop/shared';
import { runSimulation, seededRng } from '@boop/testing';
import { type CaptureSet, irisSet, palmSet } from './capture-sets.ts';

export interface Configuration {
  readonly nodes: number;
  readonly threshold: number;
  readonly backEnd: BackEndName;
}

export interface Tally extends Configuration {
  /** Pairs of templates, each over all shifts of the statistic, once per θ. */
  readonly compared: number;
  readonly accepted: number;
  readonly wrong: number;
}

export const configurations: readonly Configuration[] = [[3, 1], [4, 1], [5, 1], [5, 2], [7, 2], [7, 3]].flatMap(([nodes, threshold]) =>
  (['one-hot', 'digits', 'bit-sliced'] as const).map((backEnd) => ({ nodes: nodes!, threshold: threshold!, backEnd })),
);

export const captureSets = (): readonly CaptureSet[] => [palmSet('polyu-nir'), palmSet('polyu-green'), irisSet()];

const PROBES_PER_BLOCK = 40;
const kernel: Kernel = await loadKernel();

/** Splits all templates, compares every probe with every row over shares at every θ, in committees that take turns, and holds each member's bits against the clear. */
export function compareCaptures({ statistic, probes, rows, thetas, scores }: CaptureSet, { nodes, threshold, backEnd }: Configuration): Tally {
  const tally = { nodes, threshold, backEnd, compared: 0, accepted: 0, wrong: 0 };
  const rng = seededRng(100 * nodes + threshold);
  const [probeShares, rowShares] = [probes, rows].map((templates) => templates.map((template) => splitTemplate(template, statistic, { nodes, threshold }, rng))) as [Uint8Array[][], Uint8Array[][]];
  const scoresOf = nodeScores(statistic, probeShares, rowShares);
  const keys = new Map<number, ReadonlyMap<PartyId, CommitteeKeys>>();
  let block = 0;
  for (const theta of thetas) {
    for (let first = 0; first < probes.length; first += PROBES_PER_BLOCK, block++) {
      const committee = Array.from({ length: 2 * threshold + 1 }, (_, i) => partyId(((block + i) % nodes) + 1)).sort((a, b) => a - b);
      const members = keys.get(block % nodes) ?? run(committee, (self) => agreeCommitteeKeys({ self, committee, threshold, context: new Uint8Array(32) }, rng));
      keys.set(block % nodes, members);
      const plain = scores.slice(first, first + PROBES_PER_BLOCK);
      const id = blockId(new Uint8Array(16), block);
      const shape = { probes: plain.length, shifts: statistic.shifts.length, rows: rows.length, firstRow: 0 };
      const opened = run(committee, function* (self) {
        const party = { self, committee, threshold, keys: members.get(self)!, p: statistic.p, backEnd, prf };
        const arena = laneKernel().createArena();
        try {
          const correlations = yield* offlineBlock(party, arena, { batchId: id, lanes: 32 * Math.ceil((shape.probes * shape.shifts * shape.rows) / 32) });
          return yield* onlineBits(party, arena, { ...shape, runId: id, correlations, products: scoresOf(self, first, shape.probes), scoreMax: statistic.scoreMax, theta });
        } finally {
          laneKernel().giveBack(arena);
        }
      });
      const stride = 4 * Math.ceil(shape.rows / 128);
      plain.forEach((perRow, probe) =>
        perRow.forEach((score, row) => {
          const expected = score >= theta ? 1 : 0;
          const bits = [...opened.values()].map((words) => (words[probe * stride + (row >> 5)]! >>> (row & 31)) & 1);
          tally.compared += 1;
          tally.accepted += expected;
          if (bits.some((bit) => bit !== expected)) tally.wrong += 1;
        }),
      );
    }
  }
  return tally;
}

/** Per node its shares of the scores of some probes against all rows, [probe][shift][row]. */
function nodeScores(statistic: Statistic, probeShares: readonly (readonly Uint8Array[])[], rowShares: readonly (readonly Uint8Array[])[]): (self: PartyId, first: number, probes: number) => Uint16Array {
  const { length: shifts } = statistic.shifts;
  const rows = rowShares.length;
  const galleries = new Map<PartyId, ReturnType<Kernel['createGallery']>>();
  const galleryOf = (self: PartyId): ReturnType<Kernel['createGallery']> => {
    const existing = galleries.get(self);
    if (existing) return existing;
    const gallery = kernel.createGallery(statistic.coordinates, statistic.p);
    for (const perNode of rowShares) gallery.append(parseShare(perNode[self - 1]!, statistic));
    galleries.set(self, gallery);
    return gallery;
  };
  return (self, first, probes) => {
    const out = new Uint16Array(probes * shifts * rows);
    for (let probe = 0; probe < probes; probe++) {
      const rowMajor = scoreShares(galleryOf(self), parseShare(probeShares[first + probe]![self - 1]!, statistic), statistic);
      for (let row = 0; row < rows; row++) for (let shift = 0; shift < shifts; shift++) out[(probe * shifts + shift) * rows + row] = rowMajor[row * shifts + shift]!;
    }
    return out;
  };
}

function run<Output>(committee: readonly PartyId[], protocol: (self: PartyId) => RoundProtocol<Output>): Map<PartyId, Output> {
  const outcomes = runSimulation(new Map(committee.map((self) => [self, roundMachine(() => protocol(self))])));
  return new Map(
    [...outcomes].map(([party, outcome]) => {
      if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
      return [party, outcome.output];
    }),
  );
}
