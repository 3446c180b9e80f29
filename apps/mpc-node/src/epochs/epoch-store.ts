import { type EpochCertificate, type NetworkManifest } from '@boop/protocol';

/** `preparing`: rows and keys come in. `signed`: this node has said that it has all; a certificate may exist. `stopped`: it won't commit by itself. */
export type EpochState = 'preparing' | 'signed' | 'stopped' | 'committed';

export interface StoredEpoch {
  readonly epoch: number;
  readonly state: EpochState;
  /** 16 bytes. */
  readonly attempt: Uint8Array;
  readonly manifest: NetworkManifest;
  /** Present once committed. */
  readonly certificate: EpochCertificate | undefined;
}

/**
 * The epochs after the first. Contract: a call that resolves is durable, one that throws may or may not have taken effect and may be repeated;
 * a committed epoch stays.
 */
export interface EpochStore {
  /** All, ascending. */
  load(): Promise<StoredEpoch[]>;
  /** Starts an attempt and deletes the rows and key shares that an earlier one has left. @throws BoopError `epoch.committed` */
  begin(epoch: number, attempt: Uint8Array, manifest: NetworkManifest): Promise<void>;
  /** @throws BoopError `epoch.other-attempt` unless it is in one of these states */
  move(epoch: number, attempt: Uint8Array, from: readonly EpochState[], to: 'signed' | 'stopped'): Promise<void>;
  /** From any state of that attempt. @throws BoopError `epoch.other-attempt` */
  commit(certificate: EpochCertificate): Promise<void>;
  /** Deletes rows, records, key shares and data key of an epoch. */
  erase(epoch: number): Promise<void>;
  /** Epochs of which something is left. */
  remaining(): Promise<number[]>;
}
