import { type LaneArena } from '@boop/kernels';
import { type Outgoing, type PartyId, ProtocolAbort, type Round } from '@boop/shared';
import { LaneStream } from './lane-stream.ts';
import { type KeyStream } from './prf.ts';
import { type Replication } from './replication.ts';

/** Tests see here everything that a run opens, and nothing else is ever opened. */
export type OpeningRecorder = (label: string, values: ArrayLike<number>) => void;

export type Rounds<Output> = Generator<Round, Output, ReadonlyMap<PartyId, Uint8Array>>;

/**
 * A vector of bits shared over GF(2), one member's part: per held component the arena offset of a slice. The secret is the XOR of all
 * components. Linear operations are local and need no randomness.
 */
export type SharedBits = readonly number[];
export type BitsPair = readonly [SharedBits, SharedBits];

const WINDOW_BYTES_MAX = 1 << 16;
/** Combinations of bits read this far behind a slice of random bits. */
const TAKE_SLACK_BYTES = 64;

/** Bytes of a slice: whole vectors of 128 lanes. */
export const sliceBytes = (lanes: number): number => Math.ceil(lanes / 128) * 16;

/**
 * Boolean circuits over replicated shares, one member's side, on slices in an arena. XOR, NOT and AND with public bits are local; an AND costs
 * one round and t bits per member. Every message is zero-masked with fresh stream bits: to whoever lacks one component of
 * the sender's, it is uniform. All members must call the same methods with the same sizes in the same order.
 * Payloads are views of the arena that change once the protocol is resumed: copy or send them before.
 */
export class BooleanEngine {
  readonly replication: Replication;
  readonly arena: LaneArena;
  /** Of the longest slice. */
  readonly bytesMax: number;
  readonly #streams: readonly LaneStream[];
  readonly #zero: number;

  /**
   * @param streams one per held component, used by this engine alone from here on
   * @param bytesMax of the longest slice; windows of the streams are allocated now
   */
  constructor(replication: Replication, streams: readonly KeyStream[], arena: LaneArena, bytesMax: number) {
    this.replication = replication;
    this.arena = arena;
    this.bytesMax = bytesMax;
    const window = Math.min(WINDOW_BYTES_MAX, 16 * bytesMax);
    this.#streams = streams.map((stream) => new LaneStream(stream, arena, bytesMax + TAKE_SLACK_BYTES, window));
    this.#zero = this.newZeros(bytesMax);
  }

  /** Shares of 0 as long as the longest slice; never written to. */
  get zero(): SharedBits {
    return this.replication.held.map(() => this.#zero);
  }

  newZeros(bytes: number): number {
    const at = this.arena.allocate(bytes);
    this.arena.view(at, bytes).fill(0);
    return at;
  }

  xor(a: SharedBits, b: SharedBits, bytes: number): SharedBits {
    return a.map((x, c) => {
      if (x === this.#zero) return b[c]!;
      if (b[c] === this.#zero) return x;
      const out = this.arena.allocate(bytes);
      this.arena.ops.xor(x, b[c]!, out, bytes);
      return out;
    });
  }

  /** Slices to be written with {@link xorInto}. */
  newBits(bytes: number): SharedBits {
    return this.replication.held.map(() => this.arena.allocate(bytes));
  }

  /** a ⊕ b (⊕ c) into slices that are there already, one of the summands if need be: memory that is used over and over stays in the cache. */
  xorInto(target: SharedBits, a: SharedBits, b: SharedBits, c: SharedBits | undefined, bytes: number): void {
    target.forEach((out, i) => {
      if (c) this.arena.ops.xor3(a[i]!, b[i]!, c[i]!, out, bytes);
      else this.arena.ops.xor(a[i]!, b[i]!, out, bytes);
    });
  }

  xor3(a: SharedBits, b: SharedBits, c: SharedBits, bytes: number): SharedBits {
    return a.map((x, i) => {
      const out = this.arena.allocate(bytes);
      this.arena.ops.xor3(x, b[i]!, c[i]!, out, bytes);
      return out;
    });
  }

  /** XOR with a public slice: into the first component, by those who hold it. */
  xorPublic(a: SharedBits, bits: number, bytes: number): SharedBits {
    if (this.replication.held[0] !== 0) return a;
    const first = this.arena.allocate(bytes);
    this.arena.ops.xor(a[0]!, bits, first, bytes);
    return [first, ...a.slice(1)];
  }

  not(a: SharedBits, bytes: number): SharedBits {
    if (this.replication.held[0] !== 0) return a;
    const first = this.arena.allocate(bytes);
    this.arena.ops.not(a[0]!, first, bytes);
    return [first, ...a.slice(1)];
  }

  /** Adds this member's summand of the product a·b, lane by lane, to the slice `target`. Local. */
  addProduct(target: number, [a, b]: BitsPair, bytes: number): void {
    const { ops } = this.arena;
    if (this.replication.threshold === 1) {
      const [d, e] = this.kept;
      ops.addProduct3(a[d]!, a[e]!, b[d]!, b[e]!, target, bytes);
      return;
    }
    const mark = this.arena.mark();
    const sum = this.arena.allocate(bytes);
    this.replication.products.forEach((partners, c) => {
      const [first, second, ...more] = partners;
      if (first === undefined) return;
      if (second === undefined) return ops.addAnd(a[c]!, b[first]!, target, bytes);
      ops.xor(b[first]!, b[second]!, sum, bytes);
      for (const partner of more) ops.xor(sum, b[partner]!, sum, bytes);
      ops.addAnd(a[c]!, sum, target, bytes);
    });
    this.arena.release(mark);
  }

  /** Adds this member's summand of a shared vector: every component is counted by one member. Local. */
  addLinear(target: number, a: SharedBits, bytes: number): void {
    for (const c of this.replication.owned) this.arena.ops.xor(target, a[c]!, target, bytes);
  }

  /** From additive summands, `slices` of them one behind the other, to replicated sharings of their XOR. One round, t bits per lane sent. */
  *reshare(summand: number, slices: number, bytes: number): Rounds<SharedBits[]> {
    const { me, held, designated, masked } = this.replication;
    const { ops } = this.arena;
    const shares = held.map(() => this.newZeros(slices * bytes));
    for (let at = 0; at < slices * bytes; at += bytes) {
      masked.forEach((members, c) => {
        for (const member of members) {
          const mask = this.#streams[c]!.take(bytes);
          ops.xor(shares[c]! + at, mask, shares[c]! + at, bytes);
          if (member === me) ops.xor(summand + at, mask, summand + at, bytes);
        }
      });
    }
    const own = held.indexOf(designated[me]!);
    ops.xor(shares[own]!, summand, shares[own]!, slices * bytes);
    yield* this.#exchange(summand, slices * bytes, shares);
    return Array.from({ length: slices }, (_, i) => shares.map((share) => share + i * bytes));
  }

  /** All these ANDs in one round. */
  *and(pairs: readonly BitsPair[], bytes: number): Rounds<SharedBits[]> {
    const total = pairs.length * bytes;
    if (this.replication.threshold > 1) {
      const summand = this.newZeros(total);
      pairs.forEach((pair, i) => this.addProduct(summand + i * bytes, pair, bytes));
      return yield* this.reshare(summand, pairs.length, bytes);
    }
    const [d, e] = this.kept;
    const shares = [this.arena.allocate(total), this.arena.allocate(total)];
    const mark = this.arena.mark();
    const message = this.arena.allocate(total);
    pairs.forEach(([a, b], i) => {
      const [mask, more] = [this.#streams[e]!.take(bytes), this.#streams[d]!.take(bytes)];
      const at = i * bytes;
      this.arena.ops.maskedProduct3(a[d]!, a[e]!, b[d]!, b[e]!, mask, more, message + at, shares[d]! + at, shares[e]! + at, bytes);
    });
    yield* this.#exchange(message, total, shares);
    this.arena.release(mark);
    return pairs.map((_, i) => shares.map((share) => share + i * bytes));
  }

  /**
   * Shares of slices that single members know: `dealers` are positions in the committee, `own` this member's slices one behind the other if it is
   * one of them. One round; a dealer sends `slices` bits per lane to t members, masked as a re-sharing is.
   */
  *deal(dealers: readonly number[], own: number | undefined, slices: number, bytes: number): Rounds<SharedBits[][]> {
    const { committee, me, threshold, held, designated, masked } = this.replication;
    const { ops } = this.arena;
    const total = slices * bytes;
    const shares = dealers.map((dealer) =>
      held.map((component, c) => {
        if (designated[dealer] !== component && !masked[c]!.includes(dealer)) return undefined;
        const share = this.arena.allocate(total);
        if (designated[dealer] === component) return share;
        for (let at = 0; at < total; at += bytes) {
          const mask = this.#streams[c]!.take(bytes);
          this.arena.view(share + at, bytes).set(this.arena.view(mask, bytes));
          if (dealer === me) ops.xor(own! + at, mask, own! + at, bytes);
        }
        return share;
      }),
    );
    const size = committee.length;
    const send: Outgoing[] = dealers.includes(me) ? receivers(me, threshold, size).map((to) => ({ to: committee[to]!, payload: this.arena.view(own!, total) })) : [];
    const from = dealers.filter((dealer) => receivers(dealer, threshold, size).includes(me));
    const received = yield { send, receiveFrom: from.map((dealer) => committee[dealer]!) };
    dealers.forEach((dealer, i) => {
      const c = held.indexOf(designated[dealer]!);
      if (c < 0) return;
      const target = this.arena.view(shares[i]![c]!, total);
      target.set(dealer === me ? this.arena.view(own!, total) : exactly(received.get(committee[dealer]!)!, total, committee[dealer]!));
    });
    return shares.map((number) => Array.from({ length: slices }, (_, k) => number.map((share) => (share === undefined ? this.#zero : share + k * bytes))));
  }

  /** Opens replicated bits to all members: whoever lacks a component gets it from one of its holders. One round. */
  *open(bits: SharedBits, bytes: number): Rounds<number> {
    const { committee, me, components, held, threshold } = this.replication;
    const size = committee.length;
    const senderTo = (component: number, to: number): number => components[component]!.holders.reduce((a, b) => ((a - to + size) % size < (b - to + size) % size ? a : b));
    const flows = components.flatMap(({ missing }, component) => missing.map((to) => ({ component, to, from: senderTo(component, to) })));
    const parts = (from: number, to: number) => flows.filter((flow) => flow.from === from && flow.to === to);
    const others = committee.map((_, i) => i).filter((i) => i !== me);
    const send = others.flatMap((to) => {
      const mine = parts(me, to);
      if (mine.length === 0) return [];
      const payload = new Uint8Array(mine.length * bytes);
      mine.forEach(({ component }, i) => payload.set(this.arena.view(bits[held.indexOf(component)]!, bytes), i * bytes));
      return [{ to: committee[to]!, payload }];
    });
    const senders = others.filter((from) => parts(from, me).length > 0);
    const received = yield { send, receiveFrom: senders.map((from) => committee[from]!) };
    const opened = this.newZeros(bytes);
    const part = this.arena.allocate(bytes * threshold * size);
    for (const share of bits) this.arena.ops.xor(opened, share, opened, bytes);
    for (const from of senders) {
      const count = parts(from, me).length;
      this.arena.view(part, count * bytes).set(exactly(received.get(committee[from]!)!, count * bytes, committee[from]!));
      for (let i = 0; i < count; i++) this.arena.ops.xor(opened, part + i * bytes, opened, bytes);
    }
    return opened;
  }

  /** Fresh uniform shared bits that nobody knows, `bytes` long and valid until streams are read again. Local. */
  random(bytes: number): SharedBits {
    return this.#streams.map((stream) => stream.take(bytes));
  }

  wipe(): void {
    for (const stream of this.#streams) stream.wipe();
  }

  /** t = 1: positions in `held` of the component that absorbs this member's products, and of the other. */
  get kept(): readonly [number, number] {
    const d = this.replication.held.indexOf(this.replication.designated[this.replication.me]!);
    return [d, 1 - d];
  }

  /** Sends `message` to the t members after this one, and adds what the t before it send to the components that absorb it. */
  *#exchange(message: number, total: number, shares: readonly number[]): Rounds<void> {
    const { committee, threshold, me, held, designated } = this.replication;
    const size = committee.length;
    const payload = this.arena.view(message, total);
    const senders = receivers(me, -threshold, size);
    const received = yield { send: receivers(me, threshold, size).map((to) => ({ to: committee[to]!, payload })), receiveFrom: senders.map((from) => committee[from]!) };
    for (const from of senders) {
      const share = shares[held.indexOf(designated[from]!)]!;
      this.arena.view(message, total).set(exactly(received.get(committee[from]!)!, total, committee[from]!));
      this.arena.ops.xor(share, message, share, total);
    }
  }
}

/** The next |count| positions after (before, if negative) `me`, cyclically. */
const receivers = (me: number, count: number, size: number): number[] => Array.from({ length: Math.abs(count) }, (_, i) => (me + Math.sign(count) * (i + 1) + size) % size);

function exactly(payload: Uint8Array, bytes: number, from: PartyId): Uint8Array {
  if (payload.length !== bytes) throw new ProtocolAbort('mpc.malformed-message', 'a message of this round has one length', [from]);
  return payload;
}
