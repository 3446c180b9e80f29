import { type FeedDocument } from '@boop/identity';

export interface FeedPosition {
  readonly seq: number;
  readonly digest: string;
}

export interface FeedLogEntry extends FeedPosition {
  readonly document: FeedDocument;
  readonly settled: boolean;
  /** Code with which the nodes refused it for good. */
  readonly refused: string | undefined;
}

/** What the storage side keeps of the feed. Contract: calls are durable before they resolve; entries are numbered from 1 without gaps. */
export interface FeedLog {
  head(): Promise<FeedPosition>;
  /** Entries after `seq`, ascending; ends before one whose document was erased. */
  after(seq: number, limit: number): Promise<FeedLogEntry[]>;
  /** Digest up to an entry; undefined beyond the end. */
  digestAt(seq: number): Promise<string | undefined>;
  /** The entry of a document that was published before. */
  find(document: FeedDocument): Promise<FeedLogEntry | undefined>;
  append(position: FeedPosition, document: FeedDocument): Promise<void>;
  settle(seq: number, receipts: ReadonlyMap<number, string>): Promise<void>;
  refuse(seq: number, code: string): Promise<void>;
  /** Forgets what documents say of a person, as far as all nodes have read. @returns whether nothing is left */
  forget(personId: string, readBy: number): Promise<boolean>;
  /** Consents that were revoked, as `gateKey` names them. */
  revoked(): Promise<string[]>;
  /** Persons whose erasure is in the feed while documents of theirs are still kept. */
  toForget(): Promise<string[]>;
}
