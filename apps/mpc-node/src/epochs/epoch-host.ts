import { type NetworkManifest } from '@boop/protocol';
import { type AssembledNode } from '../assemble.ts';
import { type EpochGalleryStore } from '../gallery/gallery-store.ts';
import { type KeyStore } from '../store/ports.ts';

/** Shares at rest of one epoch. */
export interface EpochShares {
  readonly gallery: EpochGalleryStore;
  readonly keys: KeyStore;
}

/** Port: the epochs that a node serves. */
export interface EpochHost {
  /** The node in the epoch that counts; undefined while it has yet to join. */
  current(): { readonly node: AssembledNode; readonly shares: EpochShares } | undefined;
  /** The manifest that this node's custodian has approved for an epoch to come. */
  proposal(): NetworkManifest | undefined;
  /** Where the shares of an epoch lie; they are sealed under a data key of their own. */
  sharesOf(epoch: number): Promise<EpochShares>;
  /** Serves a committed epoch from now on; sessions of the one before end there, and then it is erased. */
  activate(manifest: NetworkManifest): Promise<void>;
  /** Whether nothing is left of an epoch. */
  isErased(epoch: number): Promise<boolean>;
}
