import { type BackEndName, type Opening } from '@boop/mpc';
import { type PartyId } from '@boop/shared';
import { type SumsRecord } from './outputs.ts';

/** A committee as a shard knows it. Keys of different names are unrelated. */
export interface CommitteeSpec {
  /** Same at every member; a name is agreed on once. */
  readonly name: string;
  readonly members: readonly PartyId[];
  readonly threshold: number;
}

/** Which correlations a scan uses: blocks that are in stock, or none, then they are made on the way. */
export interface StockRange {
  readonly batchId: Uint8Array;
  readonly firstBlock: number;
}

/** What a shard compares: every `stride`-th block of rows from `firstBlock` on. */
export interface ScanTask {
  readonly kind: 'scan';
  readonly committee: string;
  readonly runId: Uint8Array;
  /** Shares of the probes, one after another, balanced. */
  readonly probes: readonly Int16Array[];
  readonly rows: number;
  readonly blockRows: number;
  readonly firstBlock: number;
  readonly stride: number;
  /** Blocks in flight. */
  readonly flights: number;
  readonly backEnd: BackEndName;
  readonly orForm: 'sum' | 'tree';
  readonly theta: number;
  readonly scoreMax: number;
  readonly p: number;
  /** What the sums will be opened for, or `bits`: the bit of every row is opened. */
  readonly opening: Opening | 'bits';
  readonly stock?: StockRange;
  /** Opens the decisions itself: for one shard and one flight. */
  readonly decides: boolean;
}

/** Makes keys of a committee, in this shard alone. */
export interface AgreeTask {
  readonly kind: 'agree';
  readonly committee: CommitteeSpec;
  readonly context: Uint8Array;
}

/** Makes correlations ahead: `blocks` of `lanes` each. */
export interface StockTask {
  readonly kind: 'stock';
  readonly committee: string;
  readonly batchId: Uint8Array;
  readonly lanes: number;
  /** Of all shards; this one has the `firstBlock`-th and every `stride`-th after it. */
  readonly blocks: number;
  readonly firstBlock: number;
  readonly stride: number;
  readonly flights: number;
  readonly backEnd: BackEndName;
  readonly p: number;
}

/** Opens what the scans of all shards summed up to. */
export interface OpenTask {
  readonly kind: 'open';
  readonly committee: string;
  readonly runId: Uint8Array;
  readonly probes: number;
  readonly sums: readonly SumsRecord[];
  readonly rows: number;
  readonly opening: Opening;
  readonly p: number;
  readonly backEnd: BackEndName;
}

/** Local: products of all probes with some rows, in one pass. */
export interface ProductsTask {
  readonly kind: 'products';
  /** 1 to 8. */
  readonly probes: readonly Int16Array[];
  readonly fromRow: number;
  readonly toRow: number;
}

export type ShardTask = AgreeTask | StockTask | ScanTask | OpenTask | ProductsTask;
