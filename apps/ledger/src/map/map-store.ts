import { type MapNode, type MapNodeReader } from '@boop/log';
import { type Batch } from '../store/log-store.ts';

export interface StoredMutation {
  readonly bytes: Uint8Array;
  /** The revision that applied it; undefined while it waits. */
  readonly revision: number | undefined;
}

/** What a commitment hides until it is shown. */
export interface StoredOpening {
  readonly label: Uint8Array;
  readonly opening: Uint8Array;
  readonly value: Uint8Array;
}

export interface WaitingMutation {
  readonly sequence: number;
  readonly index: Uint8Array;
  readonly version: number;
  readonly bytes: Uint8Array;
  /** The version before, which is in the map. */
  readonly previous: Uint8Array | undefined;
}

export interface StoredRevision {
  readonly revision: number;
  readonly root: Uint8Array;
  /** Where its record stands in the log. */
  readonly leafIndex: number;
  readonly vrfKey: Uint8Array;
}

export interface NewRevision extends StoredRevision {
  readonly transition: Uint8Array;
  readonly nodes: readonly MapNode[];
  readonly mutations: readonly Pick<WaitingMutation, 'index' | 'version'>[];
  /** Extends the log by the record, and by nothing else. */
  readonly batch: Batch;
}

/**
 * Where the map lives. Several processes may use one store at the same moment.
 *
 * Contract: `enqueue` is durable when it resolves, and of two mutations for one version of an account only the first is kept. `commit` is
 * atomic with the append to the log, by compare-and-swap on the log's head (`log.conflict`): nodes, record and mutations are all there or
 * none is. When a write rejects with anything else it may have happened. Nodes of old revisions are kept.
 */
export interface MapStore extends MapNodeReader {
  /** The newest revision that is written, served or not. */
  newest(): Promise<StoredRevision | undefined>;
  /** The newest revision whose record lies below this size of the log. */
  newestUnder(logSize: number): Promise<StoredRevision | undefined>;
  /** In ascending order, those after `after`. */
  revisions(after: number, limit: number): Promise<StoredRevision[]>;
  transition(revision: number): Promise<Uint8Array | undefined>;
  mutation(index: Uint8Array, version: number): Promise<StoredMutation | undefined>;
  /** All versions up to this revision, version 0 first. */
  history(index: Uint8Array, revision: number): Promise<Uint8Array[]>;
  /** @returns what is stored for that version now: this mutation, or the one that came first */
  enqueue(mutation: { index: Uint8Array; version: number; bytes: Uint8Array }, opening: StoredOpening | undefined): Promise<StoredMutation>;
  /** In the order in which they came, at most one of each account. */
  waiting(limit: number): Promise<WaitingMutation[]>;
  /** Counts up to `limit`. */
  countWaiting(limit: number): Promise<number>;
  /** Mutations that revisions up to this one have applied. */
  countApplied(revision: number): Promise<number>;
  commit(revision: NewRevision): Promise<void>;
  opening(index: Uint8Array, version: number): Promise<StoredOpening | undefined>;
  /** Deletes all openings of an account. @returns how many there were */
  erase(index: Uint8Array): Promise<number>;
}
