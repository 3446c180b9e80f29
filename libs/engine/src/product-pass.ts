import { type PreparedProbe } from '@boop/kernels';
import { type RowBlock } from './block-schedule.ts';
import { type RowReader } from './gallery-rows.ts';

/** More probes than this don't fit the registers and caches that one pass works in. */
const probesPerPassMax = 8;
/** Blocks that may wait for a scan that shares passes with a faster one. */
const blocksAheadMax = 4;

/** A scan's part in the passes over the gallery. */
export class PassMember {
  readonly probes: readonly PreparedProbe[];
  /** Rows of the blocks that were not computed yet, by number. */
  readonly missing: Map<number, number>;
  readonly ready = new Map<number, Uint16Array>();

  constructor(probes: readonly PreparedProbe[], blocks: Iterable<RowBlock>) {
    this.probes = probes;
    this.missing = new Map([...blocks].map(({ index, rows }) => [index, rows]));
  }

  wipe(): void {
    for (const products of this.ready.values()) products.fill(0);
    this.ready.clear();
    this.missing.clear();
  }
}

/**
 * Products of probes and rows, block by block. Scans that still need the same block share one pass over its rows: reading the
 * gallery from memory is most of the cost of a probe.
 */
export class ProductPass {
  readonly #reader: RowReader;
  readonly #members = new Map<number, Set<PassMember>>();
  readonly #spare: Uint16Array[] = [];

  constructor(reader: RowReader) {
    this.#reader = reader;
  }

  /** Scans share passes when their blocks are of one size. */
  join(blockRows: number, member: PassMember): void {
    const members = this.#members.get(blockRows) ?? new Set();
    members.add(member);
    this.#members.set(blockRows, members);
  }

  leave(blockRows: number, member: PassMember): void {
    const members = this.#members.get(blockRows);
    members?.delete(member);
    if (members?.size === 0) this.#members.delete(blockRows);
    member.wipe();
  }

  /** @returns products[(probe·shifts + shift)·rows + row]; give them back with {@link recycle} */
  take(blockRows: number, member: PassMember, block: RowBlock): Uint16Array {
    const ready = member.ready.get(block.index);
    if (ready) {
      member.ready.delete(block.index);
      return ready;
    }
    const sharing = [member];
    let probes = member.probes.length;
    for (const other of this.#members.get(blockRows) ?? []) {
      if (other === member || other.missing.get(block.index) !== block.rows || other.ready.size >= blocksAheadMax || probes + other.probes.length > probesPerPassMax) continue;
      sharing.push(other);
      probes += other.probes.length;
    }
    const perProbe = this.#reader.shifts * block.rows;
    const all = this.#allocate(probes * perProbe);
    this.#reader.products(sharing.flatMap((each) => each.probes), block.fromRow, block.fromRow + block.rows, all);
    for (const each of sharing) each.missing.delete(block.index);
    if (sharing.length === 1) return all;
    let at = 0;
    for (const each of sharing) {
      const part = this.#allocate(each.probes.length * perProbe);
      part.set(all.subarray(at, at + part.length));
      at += part.length;
      each.ready.set(block.index, part);
    }
    this.recycle(all);
    const own = member.ready.get(block.index)!;
    member.ready.delete(block.index);
    return own;
  }

  /** Wipes products and keeps their memory for the next block. */
  recycle(products: Uint16Array): void {
    products.fill(0);
    if (this.#spare.length < probesPerPassMax) this.#spare.push(products);
  }

  #allocate(length: number): Uint16Array {
    const at = this.#spare.findIndex((spare) => spare.buffer.byteLength >= length * 2);
    return at < 0 ? new Uint16Array(length) : new Uint16Array(this.#spare.splice(at, 1)[0]!.buffer, 0, length);
  }
}
