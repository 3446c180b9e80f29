import { type SignedPalmErasure } from '@boop/protocol';
import { type ErasureCause, type RegistrationCertificate, type RegistrationRecord } from '../link/peer-methods.ts';

export interface StoredRegistration {
  readonly record: RegistrationRecord;
  /** One share per position, balanced residues. */
  readonly shares: readonly Int16Array[];
  /** Present once committed. */
  readonly certificate: RegistrationCertificate | undefined;
  readonly preparedAtMs: number;
  /** Why its shares were deleted; they are zeros then. */
  readonly erased?: ErasureCause;
}

/**
 * Where a node keeps its rows. Contract: a call that returns is durable; one that throws may or may not have taken effect, and
 * may be repeated; registrations are named by their split's hash; slots are unique.
 */
export interface GalleryStore {
  /**
   * All registrations in the order of their slots, one at a time. Nothing of it may be used before the end has come.
   * @throws BoopError `store.tampered`, at the end when a committed one is missing, added or replaced, as long as the head that was stored with the
   * last commit is there
   */
  load(): AsyncIterable<StoredRegistration>;
  /** @throws BoopError `gallery.slot-taken` when a slot is occupied by another registration */
  prepare(registration: Omit<StoredRegistration, 'certificate'>): Promise<void>;
  /** Deletes the shares of the one that it replaces, if any, in the same step, whether or not an erasure did before. */
  commit(certificate: RegistrationCertificate): Promise<void>;
  /** Deletes the shares of committed registrations, all or none, and keeps the request in their place. May be repeated. */
  erase(splitHashes: readonly string[], request: SignedPalmErasure): Promise<void>;
  /** Removes a registration unless it is committed. @returns whether it is gone */
  drop(splitHash: string): Promise<boolean>;
}

/** What a change to another epoch needs of the galleries of both. Contract as of {@link GalleryStore}. */
export interface EpochGalleryStore extends GalleryStore {
  /** Committed registrations from a slot on, in order. */
  page(fromSlot: number, registrationsMax: number): Promise<StoredRegistration[]>;
  /** Adds registrations that are committed already, all or none; the first slot must be the next one. */
  addCommitted(registrations: readonly Omit<StoredRegistration, 'preparedAtMs'>[]): Promise<void>;
  /** Rows and digest of what is committed. */
  head(): Promise<{ rows: number; digest: string }>;
}
