import { type Kernel } from '@boop/kernels';
import { type Statistic } from '@boop/mpc';
import { BoopError, fromBase64Url } from '@boop/shared';
import { type GalleryHead, type RegistrationRecord } from '../link/peer-methods.ts';
import { Accounts } from './accounts.ts';
import { emptyDigest, type ErasedAt, foldErased, nextDigest } from './digest.ts';
import { localRows, type ShareRows } from './share-rows.ts';

/** What a node knows of a row besides its share. */
export interface GalleryRow {
  /** 16 bytes. */
  readonly subjectId: Uint8Array;
  readonly position: RegistrationRecord['positions'][number];
  /** Grows when a share is refreshed. */
  readonly version: number;
}

const firstVersion = 1;

/**
 * The committed rows in the order of their slots, shares where they are multiplied. Append-only; a registration's rows come
 * together, so the running digest over the registrations' records tells whether two nodes have the same gallery.
 */
export class Gallery {
  readonly kernel: Kernel;
  readonly statistic: Statistic;
  readonly shares: ShareRows;
  /** Whose attributes a subject's palm may release. */
  readonly accounts = new Accounts();
  readonly #rows: GalleryRow[] = [];
  readonly #subjects = new Set<string>();
  readonly #erased = new Map<string, ErasedAt>();
  /** Digest at each number of rows at which a registration ended. */
  readonly #digests = new Map<number, string>([[0, emptyDigest]]);

  constructor(kernel: Kernel, statistic: Statistic, shares: ShareRows = localRows(kernel, statistic)) {
    this.kernel = kernel;
    this.statistic = statistic;
    this.shares = shares;
  }

  get rows(): number {
    return this.#rows.length;
  }

  get head(): GalleryHead {
    return { rows: this.rows, digest: this.#digestAt(this.rows)! };
  }

  row(slot: number): GalleryRow {
    const row = this.#rows[slot];
    if (!row) throw new BoopError('gallery.unknown-row', 'there is no such row', { kind: 'peer' });
    return row;
  }

  versionOf(slot: number): number | undefined {
    return this.#rows[slot]?.version;
  }

  hasSubject(subjectId: string): boolean {
    return this.#subjects.has(subjectId);
  }

  /**
   * Compares with the head of another node.
   * @returns `behind` when rows are missing here, `diverged` when what both have differs
   */
  compare(head: GalleryHead): 'same' | 'behind' | 'diverged' {
    if (head.rows > this.rows) return 'behind';
    return this.#digestAt(head.rows) === head.digest ? 'same' : 'diverged';
  }

  /**
   * Takes a registration's shares out of memory: its slots stay, as those of a template without a valid coordinate, which scores 0. To be called while
   * no session is open, or two nodes would compare different rows.
   * @param endedAt Unix seconds; −∞ when another registration takes its place
   */
  erase(record: RegistrationRecord, endedAt: number): void {
    const nothing = new Int16Array(this.statistic.coordinates);
    record.positions.forEach((_, at) => this.shares.replace(record.firstSlot + at, nothing));
    this.#erased.set(record.splitHash, { splitHash: record.splitHash, firstSlot: record.firstSlot });
    this.accounts.remove(record.subjectId, endedAt);
  }

  hasErased(splitHash: string): boolean {
    return this.#erased.has(splitHash);
  }

  #digestAt(rows: number): string | undefined {
    const digest = this.#digests.get(rows);
    return digest && foldErased(digest, rows, this.#erased.values());
  }

  /**
   * Appends a registration's rows.
   * @param shares one per position of the record
   * @throws BoopError `gallery.slot-taken` (fatal) unless the record's first slot is the next one
   */
  append(record: RegistrationRecord, shares: readonly Int16Array[]): void {
    if (record.firstSlot !== this.rows || shares.length !== record.positions.length)
      throw new BoopError('gallery.slot-taken', 'rows are appended in the order of their slots', { kind: 'fatal' });
    const digest = nextDigest(this.#digests.get(this.rows)!, record);
    record.positions.forEach((position, at) => {
      this.shares.append(shares[at]!);
      this.#rows.push({ subjectId: fromBase64Url(record.subjectId), position, version: firstVersion });
    });
    this.#subjects.add(record.subjectId);
    this.accounts.add(record);
    this.#digests.set(this.rows, digest);
  }
}
