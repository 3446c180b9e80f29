import { type GroupKeyName } from '../link/peer-methods.ts';
import { type KnownMap } from '../signing/log-reading.ts';

/** Splits that have had their session. Contract: `remember` is atomic and durable before it resolves. */
export interface SplitStore {
  /** @returns false when the split was seen before */
  remember(splitHash: string, expiresAtMs: number): Promise<boolean>;
  /** Forgets splits whose context has long expired, so that they could not be opened again anyway. */
  forgetExpired(nowMs: number): Promise<void>;
}

export interface StoredKeyShare {
  readonly name: GroupKeyName;
  /** 16 bytes. */
  readonly ceremonyId: Uint8Array;
  /** Serialised KeyShare. */
  readonly share: Uint8Array;
  /** All N nodes have stored theirs, so the key may be used. */
  readonly confirmed: boolean;
}

/** Shares of group keys. Contract: a call that resolves is durable; a confirmed share is never replaced. */
export interface KeyStore {
  load(): Promise<StoredKeyShare[]>;
  /** Replaces an unconfirmed share of the same name. @throws BoopError `keys.confirmed` */
  put(share: Omit<StoredKeyShare, 'confirmed'>): Promise<void>;
  confirm(name: GroupKeyName, ceremonyId: Uint8Array): Promise<void>;
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
