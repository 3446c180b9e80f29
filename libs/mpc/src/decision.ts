import { type PartyId, ProtocolAbort, type RoundProtocol } from '@boop/shared';
import { type BitsPair, type BooleanEngine, type OpeningRecorder, type Rounds, type SharedBits, sliceBytes } from './boolean-engine.ts';
import { type CommitteeKeys } from './committee-keys.ts';
import { invert, multiply, timesX } from './gf2-64.ts';
import { COMBINATION_BITS, type Decision, MatchSums, type Opening, type RowRange } from './match-sums.ts';
import { type KeyStream, type Prf, softwareAesCtr } from './prf.ts';
import { type Replication } from './replication.ts';

/**
 * How rows are joined over the shifts of the probe: `sum` multiplies every lane by secret coefficients (no round), `tree` first takes the OR of
 * the shifts (⌈log2 shifts⌉ rounds, less work where there are many lanes).
 */
export type OrForm = 'sum' | 'tree';

export interface BlockShape extends RowRange {
  readonly probes: number;
  readonly shifts: number;
}

/** Bits of the row within a block in its label; the block's first row is above them. */
const LABEL_SHIFT = 20n;

/**
 * From the shared bit of every lane, lane = (probe·shifts + shift)·rows + row, to sums that decide. Nothing opens.
 * `any`: Σ bᵢρᵢ over all lanes with Toeplitz coefficients, ρᵢ = the 64 bits at i, i + 8, … of one random string: for the least set i every bit of
 * ρᵢ that is taken last is fresh, so the sum is uniform where any bit is set (Mansour–Nisan–Tiwari 1990).
 * `identify`: P = Σ bᵢρᵢ and Q = Σ bᵢρᵢ·label(row). Within a row ρᵢ are Toeplitz over the shifts, so that a row that matches at any of them adds something
 * uniform; rows are independent. Q = label·P where one row matches, at however many shifts; where several do, (P, Q) is uniform, since any two labels
 * make an invertible matrix.
 * `all`: as `any`, over the rows without a match at any shift.
 */
export function* sumMatches(engine: BooleanEngine, bits: SharedBits, shape: BlockShape, opening: Opening, orForm: OrForm): Rounds<MatchSums> {
  const { probes, shifts, rows } = shape;
  const sums = new MatchSums(probes, opening);
  const words = new Uint32Array(probes * sums.wordsPerProbe);
  const put = (probe: number, at: number, element: bigint): void => {
    words[probe * sums.wordsPerProbe + 2 * at] = Number(element & 0xffffffffn);
    words[probe * sums.wordsPerProbe + 2 * at + 1] = Number(element >> 32n);
  };
  if (opening === 'any') {
    for (let probe = 0; probe < probes; probe++) put(probe, 0, toeplitzSum(engine, extract(engine, bits, probe * shifts * rows, shifts * rows), shifts * rows));
  } else if (opening === 'identify') {
    const vectors = orForm === 'sum' ? split(engine, bits, shape) : (yield* orShifts(engine, bits, shape)).map((bit) => [bit]);
    const masks = rowMasks(engine, rows);
    vectors.forEach((perShift, probe) => {
      const { plain, labelled } = rowSums(engine, perShift, rows, masks);
      put(probe, 0, plain);
      put(probe, 1, labelled ^ multiply(plain, BigInt(shape.firstRow) << LABEL_SHIFT));
    });
  } else {
    const matches = yield* orShifts(engine, bits, shape);
    matches.forEach((match, probe) => put(probe, 0, toeplitzSum(engine, extract(engine, engine.not(match, sliceBytes(rows)), 0, rows), rows)));
  }
  sums.include({ firstRow: shape.firstRow, rows }, words);
  words.fill(0);
  return sums;
}

function extract(engine: BooleanEngine, bits: SharedBits, from: number, count: number): SharedBits {
  const bytes = sliceBytes(count);
  return bits.map((source) => {
    const out = engine.arena.allocate(bytes);
    engine.arena.ops.extractBits(source, from, count, out, bytes);
    return out;
  });
}

/** Per probe and shift a vector over the rows. */
function split(engine: BooleanEngine, bits: SharedBits, { probes, shifts, rows }: BlockShape): SharedBits[][] {
  return Array.from({ length: probes }, (_, probe) => Array.from({ length: shifts }, (_shift, shift) => extract(engine, bits, (probe * shifts + shift) * rows, rows)));
}

/** Bytes of the longest AND that {@link orShifts} takes. */
export const orBytes = ({ probes, shifts, rows }: BlockShape): number => Math.ceil(shifts / 2) * probes * sliceBytes(rows);

/** Per probe the OR over its shifts, a tree of ⌈log2 shifts⌉ rounds: all probes and half of the shifts are one vector in each. */
export function* orShifts(engine: BooleanEngine, bits: SharedBits, { probes, shifts, rows }: BlockShape): Rounds<SharedBits[]> {
  const { arena } = engine;
  const bytes = sliceBytes(rows);
  const width = probes * bytes;
  let level = bits.map((source) => {
    const out = arena.allocate(shifts * width);
    for (let shift = 0; shift < shifts; shift++) {
      for (let probe = 0; probe < probes; probe++) arena.ops.extractBits(source, (probe * shifts + shift) * rows, rows, out + shift * width + probe * bytes, bytes);
    }
    return out;
  });
  for (let left = shifts; left > 1; left = Math.ceil(left / 2)) {
    const size = (left >> 1) * width;
    const upper = level.map((component) => component + size);
    const [both] = (yield* engine.and([[level, upper]], size)) as [SharedBits];
    const odd = (left & 1) * width;
    level = level.map((component, c) => {
      const out = arena.allocate(size + odd);
      arena.ops.xor3(component, upper[c]!, both[c]!, out, size);
      arena.view(out + size, odd).set(arena.view(component + 2 * size, odd));
      return out;
    });
  }
  return Array.from({ length: probes }, (_, probe) => level.map((component) => component + probe * bytes));
}

/** Σ bᵢρᵢ over `bytes` of lanes, of which those beyond the count are 0. Local. */
function toeplitzSum(engine: BooleanEngine, bits: SharedBits, lanes: number): bigint {
  const { arena, replication } = engine;
  const bytes = sliceBytes(lanes);
  const mark = arena.mark();
  const random = engine.random(bytes + COMBINATION_BITS);
  const out = arena.allocate(COMBINATION_BITS);
  if (replication.threshold === 1) {
    const [d, e] = engine.kept;
    arena.ops.parities3(bits[d]!, bits[e]!, random[d]!, random[e]!, 1, out, COMBINATION_BITS, bytes);
  } else {
    const aligned = random.map(() => arena.allocate(bytes));
    const parities = new Uint8Array(COMBINATION_BITS);
    const term = arena.allocate(bytes);
    for (let k = 0; k < COMBINATION_BITS; k++) {
      random.forEach((from, c) => arena.view(aligned[c]!, bytes).set(arena.view(from + k, bytes)));
      parities[k] = parityOf(engine, term, [bits, aligned], bytes);
    }
    arena.view(out, COMBINATION_BITS).set(parities);
  }
  const sum = elementOf(arena.view(out, COMBINATION_BITS));
  arena.release(mark);
  return sum;
}

function parityOf(engine: BooleanEngine, term: number, pair: BitsPair, bytes: number): number {
  engine.arena.view(term, bytes).fill(0);
  engine.addProduct(term, pair, bytes);
  return engine.arena.ops.parityAnd(term, term, bytes);
}

const elementOf = (parities: ArrayLike<number>): bigint => Array.from(parities).reduceRight((element, bit) => (element << 1n) | BigInt(bit), 0n);

/** Bit j of the number of each row within the block, as slices; they select what Q counts at x^j. */
function rowMasks(engine: BooleanEngine, rows: number): number[] {
  const bytes = sliceBytes(rows);
  return Array.from({ length: 32 - Math.clz32(rows - 1) }, (_, j) => {
    const at = engine.arena.allocate(bytes);
    const period = [0xaa, 0xcc, 0xf0];
    const mask = engine.arena.view(at, bytes);
    for (let i = 0; i < bytes; i++) mask[i] = j < 3 ? period[j]! : (i >> (j - 3)) & 1 ? 0xff : 0;
    return at;
  });
}

/**
 * Σ bᵢρᵢ and Σ bᵢρᵢ·(row within the block) over all shifts of one probe. Each row has a random string of its own, of which ρ takes the 64 bits from the
 * shift's number on: 63 + shifts random bits per row and component, not 64 per shift. Local.
 */
function rowSums(engine: BooleanEngine, perShift: readonly SharedBits[], rows: number, masks: readonly number[]): { plain: bigint; labelled: bigint } {
  const { arena } = engine;
  const bytes = sliceBytes(rows);
  const mark = arena.mark();
  const strings = Array.from({ length: COMBINATION_BITS - 1 + perShift.length }, () => copied(engine, engine.random(bytes), bytes));
  const term = arena.allocate(bytes);
  const plain = new Uint8Array(COMBINATION_BITS);
  const selected = masks.map(() => new Uint8Array(COMBINATION_BITS));
  for (let k = 0; k < COMBINATION_BITS; k++) {
    arena.view(term, bytes).fill(0);
    perShift.forEach((bits, shift) => engine.addProduct(term, [bits, strings[k + shift]!], bytes));
    plain[k] = arena.ops.parityAnd(term, term, bytes);
    masks.forEach((mask, j) => (selected[j]![k] = arena.ops.parityAnd(term, mask, bytes)));
  }
  arena.release(mark);
  const labelled = selected.reduceRight((sum, parities) => timesX(sum) ^ elementOf(parities), 0n);
  return { plain: elementOf(plain), labelled };
}

function copied({ arena }: BooleanEngine, bits: SharedBits, bytes: number): SharedBits {
  return bits.map((source) => {
    const at = arena.allocate(bytes);
    arena.view(at, bytes).set(arena.view(source, bytes));
    return at;
  });
}

export interface OpenMatchesInput {
  /** 16 bytes, used once for an opening under these keys. */
  readonly runId: Uint8Array;
  readonly sums: MatchSums;
  /** Rows of all blocks together, firstRow 0. */
  readonly rows: number;
  readonly onOpen?: OpeningRecorder;
}

interface Opener {
  readonly self: PartyId;
  readonly committee: readonly PartyId[];
  readonly threshold: number;
  readonly keys: CommitteeKeys;
  readonly prf?: Prf;
}

/**
 * Opens the sums of a run to the committee: one decision per probe, and nothing else. One round; 8 bytes per probe and member, 16 for `identify`.
 * `any` and `all` are wrong with probability 2^−64; `identify` takes several for one with rows·2^−64 at most.
 */
export function* openMatches(party: Opener, { runId, sums, rows, onOpen }: OpenMatchesInput): RoundProtocol<Decision[]> {
  const replication = party.keys.checkFor(party.self, party.committee, party.threshold);
  const streams = party.keys.streams('comparison/decision', runId, party.prf ?? softwareAesCtr);
  const words = sums.consume();
  try {
    const opened = yield* openWords(replication, streams, words);
    onOpen?.('match-sums', opened);
    return Array.from({ length: sums.probes }, (_, probe) => {
      const [plain, labelled] = elements(opened.subarray(probe * sums.wordsPerProbe, (probe + 1) * sums.wordsPerProbe)) as [bigint, bigint | undefined];
      if (labelled === undefined) return { kind: 'bit', bit: (plain !== 0n) !== (sums.opening === 'all') };
      return identified(plain, labelled, sums.ranges, rows);
    });
  } finally {
    words.fill(0);
    for (const stream of streams) stream.wipe();
  }
}

function identified(plain: bigint, labelled: bigint, ranges: readonly RowRange[], rows: number): Decision {
  if (plain === 0n) {
    if (labelled !== 0n) return { kind: 'several' };
    return { kind: 'none' };
  }
  const label = multiply(labelled, invert(plain));
  const [firstRow, offset] = [Number(label >> LABEL_SHIFT), Number(label & ((1n << LABEL_SHIFT) - 1n))];
  const known = ranges.some((range) => range.firstRow === firstRow && offset < range.rows);
  return known && firstRow + offset < rows ? { kind: 'one', row: firstRow + offset } : { kind: 'several' };
}

function elements(words: Uint32Array): bigint[] {
  return Array.from({ length: words.length / 2 }, (_, i) => (BigInt(words[2 * i + 1]!) << 32n) | BigInt(words[2 * i]!));
}

/** Opens the XOR of all members' summands under a zero sharing: to fewer than all others, all but the sum is uniform. One round, to everybody. */
export function* openWords({ committee, me, components, held, self }: Replication, streams: readonly KeyStream[], summand: Uint32Array): Rounds<Uint32Array> {
  const bytes = summand.length * 4;
  const message = new Uint8Array(bytes);
  const view = new DataView(message.buffer);
  summand.forEach((word, i) => view.setUint32(4 * i, word, true));
  held.forEach((component, c) => {
    // Among the holders of a component all but the last draw a mask, and the last adds them all.
    const { holders } = components[component]!;
    for (const holder of holders.slice(0, -1)) {
      const mask = streams[c]!.bytes(bytes);
      if (holder === me || holders[holders.length - 1] === me) mask.forEach((byte, i) => (message[i]! ^= byte));
    }
  });
  const others = committee.filter((party) => party !== self);
  const received = yield { send: others.map((to) => ({ to, payload: message })), receiveFrom: others };
  const sum = message.slice();
  for (const from of others) {
    const payload = received.get(from)!;
    if (payload.length !== bytes) throw new ProtocolAbort('mpc.malformed-message', 'a message of this round has one length', [from]);
    payload.forEach((byte, i) => (sum[i]! ^= byte));
  }
  const opened = new DataView(sum.buffer);
  return Uint32Array.from(summand, (_, i) => opened.getUint32(4 * i, true));
}
