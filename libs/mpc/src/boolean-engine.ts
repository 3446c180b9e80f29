import { type Outgoing, type PartyId, type Round } from '@boop/shared';
import { type KeyStream } from './prf.ts';
import { type Replication } from './replication.ts';
import { type SharedBits, xorBits, xorInto, zeroBits } from './shared-bits.ts';
import { decodeBits, encodeBits } from './wire.ts';

/** Tests see here everything that a run opens, and nothing else is ever opened. */
export type OpeningRecorder = (label: string, values: ArrayLike<number>) => void;

type Messages = ReadonlyMap<PartyId, Uint8Array>;
export type Rounds<Output> = Generator<Round, Output, Messages>;
export type BitsPair = readonly [SharedBits, SharedBits];

/**
 * Boolean circuits over replicated shares, one member's side. XOR, NOT and AND with public bits are local; an AND costs one
 * round and t bits per member. Every message is zero-masked with fresh stream words: to whoever lacks one component of
 * the sender's, it is uniform. All members must call the same methods with the same sizes in the same order.
 */
export class BooleanEngine {
  readonly replication: Replication;
  readonly #streams: readonly KeyStream[];

  /** @param streams one per held component, used by this engine alone from here on */
  constructor(replication: Replication, streams: readonly KeyStream[]) {
    this.replication = replication;
    this.#streams = streams;
  }

  zero(words: number): SharedBits {
    return zeroBits(this.replication.held.length, words);
  }

  /** XOR with public bits: into the first component, by those who hold it. */
  xorPublic(a: SharedBits, bits: Uint32Array | 'ones'): SharedBits {
    if (this.replication.held[0] !== 0) return a;
    const first = a[0]!.slice();
    for (let i = 0; i < first.length; i++) first[i]! ^= bits === 'ones' ? 0xffffffff : bits[i]!;
    return [first, ...a.slice(1)];
  }

  not(a: SharedBits): SharedBits {
    return this.xorPublic(a, 'ones');
  }

  /** Adds this member's summand of the product a·b, lane by lane, into `target` from word `at` on. Local. */
  addProduct(target: Uint32Array, at: number, [a, b]: BitsPair): void {
    const words = a[0]!.length;
    this.replication.products.forEach((partners, c) => {
      const x = a[c]!;
      const [first, second, ...more] = partners;
      if (first === undefined) return;
      const y = b[first]!;
      if (second === undefined) for (let i = 0; i < words; i++) target[at + i]! ^= x[i]! & y[i]!;
      else {
        const z = b[second]!;
        for (let i = 0; i < words; i++) target[at + i]! ^= x[i]! & (y[i]! ^ z[i]!);
      }
      for (const d of more) for (let i = 0, w = b[d]!; i < words; i++) target[at + i]! ^= x[i]! & w[i]!;
    });
  }

  /** Adds this member's summand of a shared vector: every component is counted by one member. Local. */
  addLinear(target: Uint32Array, a: SharedBits): void {
    for (const c of this.replication.owned) xorInto(target, a[c]!);
  }

  /** From additive summands, one vector per member, to a replicated sharing of their XOR. One round, t vectors sent. */
  *reshare(summand: Uint32Array): Rounds<SharedBits> {
    const { committee, threshold, me, held, designated, masked } = this.replication;
    const words = summand.length;
    const shares = zeroBits(held.length, words);
    const message = summand;
    masked.forEach((members, c) => {
      for (const member of members) {
        const mask = this.#streams[c]!.words(words);
        xorInto(shares[c]!, mask);
        if (member === me) xorInto(message, mask);
      }
    });
    const payload = encodeBits(message, words * 32);
    const size = committee.length;
    const send: Outgoing[] = [];
    const receiveFrom: PartyId[] = [];
    for (let step = 1; step <= threshold; step++) {
      send.push({ to: committee[(me + step) % size]!, payload });
      receiveFrom.push(committee[(me - step + size) % size]!);
    }
    const received = yield { send, receiveFrom };
    designated.forEach((component, member) => {
      const c = held.indexOf(component);
      if (c < 0) return;
      const from = committee[member]!;
      xorInto(shares[c]!, member === me ? message : decodeBits(received.get(from)!, words * 32, from));
    });
    return shares;
  }

  /** All these ANDs in one round. */
  *and(pairs: readonly BitsPair[]): Rounds<SharedBits[]> {
    const starts: number[] = [];
    let words = 0;
    for (const [a] of pairs) {
      starts.push(words);
      words += a[0]!.length;
    }
    const summand = new Uint32Array(words);
    pairs.forEach((pair, i) => this.addProduct(summand, starts[i]!, pair));
    const shares = yield* this.reshare(summand);
    return pairs.map(([a], i) => shares.map((share) => share.subarray(starts[i]!, starts[i]! + a[0]!.length)));
  }

  /** Opens the XOR of all members' summands, `bits` bits and no more, to all of them. One round, 2t vectors sent. */
  *open(summand: Uint32Array, bits: number): Rounds<Uint32Array> {
    const { committee, me, components, held, self } = this.replication;
    const message = summand.slice();
    held.forEach((component, c) => {
      // A zero sharing among the holders: all but the last draw a mask, the last adds them all.
      const holders = components[component]!.holders;
      for (const holder of holders.slice(0, -1)) {
        const mask = this.#streams[c]!.words(message.length);
        if (holder === me || holders[holders.length - 1] === me) xorInto(message, mask);
      }
    });
    const payload = encodeBits(message, bits);
    const others = committee.filter((party) => party !== self);
    const received = yield { send: others.map((to) => ({ to, payload })), receiveFrom: others };
    const opened = decodeBits(payload, bits, self);
    for (const from of others) xorInto(opened, decodeBits(received.get(from)!, bits, from));
    return opened;
  }

  /** Fresh uniform shared bits that nobody knows. Local. */
  random(words: number): SharedBits {
    return this.#streams.map((stream) => stream.words(words));
  }

  wipe(): void {
    for (const stream of this.#streams) stream.wipe();
  }
}

/** OR of equally long vectors: a tree of ⌈log2 n⌉ rounds. */
export function* orTree(engine: BooleanEngine, vectors: readonly SharedBits[]): Rounds<SharedBits> {
  let level = vectors;
  while (level.length > 1) {
    const pairs: BitsPair[] = [];
    for (let i = 0; i + 1 < level.length; i += 2) pairs.push([level[i]!, level[i + 1]!]);
    const both = yield* engine.and(pairs);
    const next = pairs.map(([a, b], i) => xorBits(xorBits(a, b), both[i]!));
    level = level.length % 2 === 1 ? [...next, level[level.length - 1]!] : next;
  }
  return level[0]!;
}

