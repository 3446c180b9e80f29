import { type GroupKeyName } from '../link/peer-methods.ts';
import { type AttemptLimits } from '../sessions/budgets.ts';
import { type KnownMap } from '../signing/log-reading.ts';

/** Splits that have had their session. Contract: `remember` is atomic and durable before it resolves. */
export interface SplitStore {
  /** @returns false when the split was seen before */
  remember(splitHash: string, expiresAtMs: number): Promise<boolean>;
  /** Forgets splits whose context has long expired, so that they could not be opened again anyway. */
  forgetExpired(nowMs: number): Promise<void>;
}

/** What shows that a node lied in a session. */
export interface Evidence {
  /** Hash of the session's split, base64url. */
  readonly session: string;
  readonly atMs: number;
  readonly named: readonly number[];
  readonly suspects: readonly number[];
  /** Signed statements and transcripts, and what follows from them; no share, score or message. */
  readonly document: object;
}

/** Evidence against nodes. Contract: `add` is durable before it resolves; the newest thousand pieces are kept. */
export interface EvidenceStore {
  add(evidence: Evidence): Promise<void>;
  /** How often each node was named. */
  named(): Promise<ReadonlyMap<number, number>>;
}

/** Who makes an attempt, and what they may do. */
export interface LimitedSource {
  readonly id: string;
  readonly limits: AttemptLimits;
}

/** The split of an attempt. */
export interface AttemptedSplit {
  readonly splitHash: string;
  readonly expiresAtMs: number;
}

/**
 * Attempts of terminals, vendors and subjects, by id. Contract: a call that resolves is durable; `begin` is atomic, so that of attempts at
 * once no more pass than the limits allow, and of several with one split only one.
 */
export interface AttemptStore {
  /**
   * Counts a failure of the terminal and of the vendor, each unless its own limits forbid it. If neither's do, remembers the split as of {@link SplitStore}.
   * @returns `limited` when limits forbid the attempt; `replayed` when the split was seen before
   */
  begin(terminal: LimitedSource, vendor: LimitedSource, split: AttemptedSplit, nowMs: number): Promise<'begun' | 'limited' | 'replayed'>;
  /** Counts an accepted attempt of all of these for its day; their failures start again from none. */
  accepted(ids: readonly [terminal: string, vendor: string, subject: string], nowMs: number): Promise<void>;
  acceptedToday(id: string, nowMs: number): Promise<number>;
  forgetOld(beforeMs: number): Promise<void>;
}

/** Days since 1970, UTC. */
export const dayOf = (nowMs: number): number => Math.floor(nowMs / 86_400_000);

export interface StoredKeyShare {
  readonly name: GroupKeyName;
  /** 16 bytes. */
  readonly ceremonyId: Uint8Array;
  /** Serialised KeyShare. */
  readonly share: Uint8Array;
  /** All N nodes have stored theirs, so the key may be used. */
  readonly confirmed: boolean;
}

/** This node's share of the key that signs tokens next. */
export interface StoredNextKey extends Omit<StoredKeyShare, 'name'> {
  /** Seconds since 1970. */
  readonly takesOverAt: number;
}

/** Shares of group keys. Contract: a call that resolves is durable; a confirmed share is never replaced. */
export interface KeyStore {
  load(): Promise<StoredKeyShare[]>;
  /** Replaces an unconfirmed share of the same name. @throws BoopError `keys.confirmed` */
  put(share: Omit<StoredKeyShare, 'confirmed'>): Promise<void>;
  confirm(name: GroupKeyName, ceremonyId: Uint8Array): Promise<void>;
  loadNext(): Promise<StoredNextKey | undefined>;
  /** Replaces an unconfirmed one. @throws BoopError `keys.confirmed` */
  putNext(next: Omit<StoredNextKey, 'confirmed'>): Promise<void>;
  confirmNext(ceremonyId: Uint8Array): Promise<void>;
  /** The next key becomes `token`, whose share is gone; all or nothing. */
  takeOver(next: Pick<StoredNextKey, 'ceremonyId' | 'share'>): Promise<void>;
}

export interface StoredHead {
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** The map as of that tree. */
  readonly map: KnownMap;
}

/** The newest checkpoint that this node has begun to sign. Contract: `save` is durable before it resolves. */
export interface CheckpointStore {
  load(): Promise<StoredHead | undefined>;
  save(head: StoredHead): Promise<void>;
}
