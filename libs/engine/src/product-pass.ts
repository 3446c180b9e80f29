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

/** One pass over the rows of a block, for all scans that needed it when it began. */
interface Pass {
  readonly blockRows: number;
  readonly block: RowBlock;
  readonly members: readonly PassMember[];
  readonly products: Uint16Array;
  /** Rows of the block that are computed. */
  rowsDone: number;
}

/** Of the gallery, computed between two looks at the messages that came in: some tenths of a millisecond. */
const partBytes = 4 << 20;
const rowsPerTile = 32;

/**
 * Products of probes and rows, block by block. Scans that still need the same block share one pass over its rows: reading the
 * gallery from memory is most of the cost of a probe. What a scan will ask for is computed part by part while it waits for messages.
 */
export class ProductPass {
  readonly #reader: RowReader;
  readonly #partRows: number;
  readonly #members = new Map<number, Set<PassMember>>();
  readonly #spare: Uint16Array[] = [];
  #begun: Pass[] = [];
  #wanted: Pick<Pass, 'blockRows' | 'block' | 'members'>[] = [];

  constructor(reader: RowReader) {
    this.#reader = reader;
    this.#partRows = Math.max(1, Math.floor(partBytes / reader.rowBytes / rowsPerTile)) * rowsPerTile;
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
    this.#wanted = this.#wanted.filter((wanted) => !wanted.members.includes(member));
    for (const pass of this.#begun) if (pass.members.includes(member)) this.#abandon(pass);
    member.wipe();
  }

  /** The scan will take this block; {@link work} may compute it before. */
  want(blockRows: number, member: PassMember, block: RowBlock): void {
    this.#wanted.push({ blockRows, block, members: [member] });
  }

  /** Computes a part of what is wanted. @returns whether something is left */
  work(): boolean {
    const pass = this.#begun[0] ?? this.#beginWanted();
    if (!pass) return false;
    this.#advance(pass, this.#partRows);
    return this.#begun.length > 0 || this.#wanted.length > 0;
  }

  /** @returns products[(probe·shifts + shift)·rows + row]; give them back with {@link recycle} */
  take(blockRows: number, member: PassMember, block: RowBlock): Uint16Array {
    if (!member.ready.has(block.index)) {
      const pass = this.#begun.find((begun) => begun.block.index === block.index && begun.members.includes(member)) ?? this.#begin(blockRows, member, block);
      this.#advance(pass, block.rows);
    }
    const own = member.ready.get(block.index)!;
    member.ready.delete(block.index);
    return own;
  }

  /** Wipes products and keeps their memory for the next block. */
  recycle(products: Uint16Array): void {
    products.fill(0);
    if (this.#spare.length < probesPerPassMax) this.#spare.push(products);
  }

  #beginWanted(): Pass | undefined {
    for (let wanted = this.#wanted.shift(); wanted; wanted = this.#wanted.shift()) {
      const [member] = wanted.members;
      if (member!.missing.has(wanted.block.index)) return this.#begin(wanted.blockRows, member!, wanted.block);
    }
    return undefined;
  }

  #begin(blockRows: number, member: PassMember, block: RowBlock): Pass {
    const members = [member];
    let probes = member.probes.length;
    for (const other of this.#members.get(blockRows) ?? []) {
      if (other === member || other.missing.get(block.index) !== block.rows || other.ready.size >= blocksAheadMax || probes + other.probes.length > probesPerPassMax) continue;
      members.push(other);
      probes += other.probes.length;
    }
    const pass = { blockRows, block, members, products: this.#allocate(probes * this.#reader.shifts * block.rows), rowsDone: 0 };
    this.#begun.push(pass);
    for (const each of members) each.missing.delete(block.index);
    return pass;
  }

  #advance(pass: Pass, rowsMax: number): void {
    const { block, members, products, rowsDone } = pass;
    const end = Math.min(block.rows, rowsDone + rowsMax);
    try {
      this.#reader.products(members.flatMap((each) => each.probes), block.fromRow + rowsDone, block.fromRow + end, products, { outRows: block.rows, outRow: rowsDone });
    } catch (error) {
      this.#abandon(pass);
      throw error;
    }
    pass.rowsDone = end;
    if (end === block.rows) this.#finish(pass);
  }

  #finish(pass: Pass): void {
    const { block, members, products } = pass;
    this.#begun = this.#begun.filter((each) => each !== pass);
    if (members.length === 1) return void members[0]!.ready.set(block.index, products);
    const perProbe = this.#reader.shifts * block.rows;
    let at = 0;
    for (const each of members) {
      const part = this.#allocate(each.probes.length * perProbe);
      part.set(products.subarray(at, at + part.length));
      at += part.length;
      each.ready.set(block.index, part);
    }
    this.recycle(products);
  }

  /** Its members miss the block as before. */
  #abandon(pass: Pass): void {
    this.#begun = this.#begun.filter((each) => each !== pass);
    for (const each of pass.members) each.missing.set(pass.block.index, pass.block.rows);
    this.recycle(pass.products);
  }

  #allocate(length: number): Uint16Array {
    const at = this.#spare.findIndex((spare) => spare.buffer.byteLength >= length * 2);
    return at < 0 ? new Uint16Array(length) : new Uint16Array(this.#spare.splice(at, 1)[0]!.buffer, 0, length);
  }
}
