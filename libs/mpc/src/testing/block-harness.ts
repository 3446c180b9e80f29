import { type LaneArena } from '@boop/kernels';
import { type PartyId, roundMachine } from '@boop/shared';
import { createCipheriv } from 'node:crypto';
import { runSimulation, type Tamper } from '@boop/testing';
import { type BackEndName } from '../back-ends.ts';
import { type OpeningRecorder } from '../boolean-engine.ts';
import { type CommitteeKeys } from '../committee-keys.ts';
import { openMatches, type OrForm } from '../decision.ts';
import { type Decision, MatchSums, type Opening } from '../match-sums.ts';
import { type Adder } from '../modular-adders.ts';
import { type BlockParty, offlineBlock } from '../offline-block.ts';
import { blockId, onlineBits, onlineBlock } from '../online-block.ts';
import { type Prf } from '../prf.ts';
import { id16, laneKernel, lanesFor, type Machines, outputsOf } from './committee-harness.ts';

/** Scores of several probes against the rows of one block, [probe][shift][row]. */
export interface BlockCase {
  readonly scores: readonly number[];
  readonly probes: number;
  readonly shifts: number;
  readonly rows: number;
  readonly firstRow: number;
}

export interface BlockSettings {
  readonly threshold: number;
  readonly p: number;
  readonly scoreMax: number;
  readonly theta: number;
  readonly backEnd: BackEndName;
  readonly adder?: Adder;
  readonly orForm?: OrForm;
  readonly onOpen?: OpeningRecorder;
  readonly prf?: Prf;
}

/** OpenSSL's AES-CTR, written in place. */
export const fillingPrf: Prf = {
  keystream(key, firstBlock, blockCount) {
    const out = new Uint8Array(16 * blockCount);
    this.fill!(key, firstBlock, out);
    return out;
  },
  fill(key, firstBlock, target) {
    const counter = new DataView(new ArrayBuffer(16));
    counter.setBigUint64(8, BigInt(firstBlock));
    target.set(createCipheriv('aes-256-ctr', key, new Uint8Array(counter.buffer)).update(new Uint8Array(target.length)));
  },
};

const arenas = new Map<PartyId, LaneArena>();
const arenaOf = (party: PartyId): LaneArena => {
  const arena = arenas.get(party) ?? laneKernel.createArena();
  arenas.set(party, arena);
  arena.reset();
  return arena;
};

export const partyOf = (self: PartyId, keys: ReadonlyMap<PartyId, CommitteeKeys>, { threshold, p, backEnd, adder, prf = fillingPrf }: BlockSettings): BlockParty => ({
  self,
  committee: [...keys.keys()],
  threshold,
  keys: keys.get(self)!,
  p,
  backEnd,
  prf,
  ...(adder && { adder }),
});

/** What differs between runs of a block: what it ends with, and who listens or meddles. */
interface BlockRun {
  readonly runId: string;
  readonly settings: BlockSettings;
  readonly block: BlockCase;
  readonly products: ReadonlyMap<PartyId, Uint16Array>;
  readonly tamper?: Tamper;
}

/** Offline and online of one block at every member, one machine each. */
export function runBlock<Opened extends Opening | 'rows'>(keys: ReadonlyMap<PartyId, CommitteeKeys>, opening: Opened, { runId, settings, block, products, tamper }: BlockRun): Map<PartyId, Opened extends 'rows' ? Uint32Array : MatchSums> {
  const machines = new Map(
    [...keys.keys()].map((self) => {
      const party = partyOf(self, keys, settings);
      const { scores, ...shape } = block;
      return [
        self,
        roundMachine<Uint32Array | MatchSums>(function* () {
          const arena = arenaOf(self);
          const correlations = yield* offlineBlock(party, arena, { batchId: blockId(id16(runId), 1), lanes: lanesFor(scores.length) });
          const input = { ...shape, ...settings, runId: blockId(id16(runId), 2), correlations, products: products.get(self)! };
          return opening === 'rows' ? yield* onlineBits(party, arena, input) : yield* onlineBlock(party, arena, { ...input, opening });
        }),
      ];
    }),
  );
  return outputsOf(runSimulation(machines, tamper ? { tamper } : {})) as Map<PartyId, Opened extends 'rows' ? Uint32Array : MatchSums>;
}

/** Adds the sums of blocks up at every member and opens them. */
export function openBlocks(keys: ReadonlyMap<PartyId, CommitteeKeys>, blocks: readonly ReadonlyMap<PartyId, MatchSums>[], rows: number, runId: string, settings: BlockSettings, tamper?: Tamper): Map<PartyId, Decision[]> {
  const machines: Machines<Decision[]> = new Map(
    [...keys.keys()].map((self) => {
      const [first] = blocks as [ReadonlyMap<PartyId, MatchSums>];
      const sums = new MatchSums(first.get(self)!.probes, first.get(self)!.opening);
      for (const block of blocks) sums.add(block.get(self)!);
      const { onOpen } = settings;
      return [self, roundMachine(() => openMatches(partyOf(self, keys, settings), { runId: id16(runId), sums, rows, ...(onOpen && { onOpen }) }))];
    }),
  );
  return outputsOf(runSimulation(machines, tamper ? { tamper } : {}));
}
