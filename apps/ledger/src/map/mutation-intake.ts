import { mapIndexOf, type Mutation, mutationHash, parseMutation, verifyCommitment, verifyMutation, vrfProofToHash, vrfProve } from '@boop/log';
import { type Clock, BoopError, equalBytes } from '@boop/shared';
import { type MapStore, type StoredMutation } from './map-store.ts';

export interface MutationIntakeOptions {
  readonly origin: string;
  readonly vrfSecret: Uint8Array;
  readonly store: MapStore;
  readonly clock: Clock;
  /** Mutations that may wait for a revision. */
  readonly waitingMax: number;
  readonly onAccepted?: () => void;
}

export interface Submission {
  readonly mutation: Uint8Array;
  readonly label: Uint8Array;
  /** What the commitment opens to, if the ledger is to show it; both or neither. */
  readonly shown?: { readonly opening: Uint8Array; readonly value: Uint8Array };
}

export interface Receipt {
  readonly index: Uint8Array;
  readonly version: number;
  readonly hash: Uint8Array;
  /** The revision that applied it; undefined while it waits. */
  readonly revision: number | undefined;
}

/** How long a count of the queue may be believed. */
const COUNT_LIFE_MS = 500;

/**
 * Takes mutations into the queue. What may stand there was verified against the newest version of its account, which may itself still wait; the
 * database lets one mutation through for each version. The same bytes again give the same receipt.
 */
export class MutationIntake {
  readonly #options: MutationIntakeOptions;
  #count: { readonly waiting: number; readonly untilMs: number } | undefined;

  constructor(options: MutationIntakeOptions) {
    this.#options = options;
  }

  /** @throws BoopError `mutation.*`, `map.commitment-invalid`, `service.overloaded` */
  async submit({ mutation: bytes, label, shown }: Submission): Promise<Receipt> {
    const { store, vrfSecret, onAccepted } = this.#options;
    const mutation = parseMutation(bytes);
    const index = mapIndexOf(vrfProofToHash(vrfProve(vrfSecret, label)));
    if (!equalBytes(index, mutation.index)) throw new BoopError('mutation.wrong-index', 'the mutation is not for the index of this label');
    if (shown) verifyCommitment(mutation.commitment, { ...shown, label, version: mutation.version });
    const known = await store.mutation(index, mutation.version);
    if (!known) {
      await this.#verify(bytes, mutation);
      await this.#checkRoom();
    }
    const stored = known ?? (await store.enqueue({ index, version: mutation.version, bytes }, shown && { label, ...shown }));
    if (!equalBytes(stored.bytes, bytes)) throw new BoopError('mutation.wrong-version', 'the account has another mutation of this version');
    if (!known) onAccepted?.();
    return receiptOf(mutation, stored);
  }

  async #verify(bytes: Uint8Array, { index, version }: Mutation): Promise<void> {
    const { store, origin } = this.#options;
    const previous = version === 0 ? undefined : await store.mutation(index, version - 1);
    if (version > 0 && !previous) throw new BoopError('mutation.wrong-version', 'the account does not have the version before this one');
    verifyMutation(origin, bytes, previous?.bytes);
  }

  async #checkRoom(): Promise<void> {
    const { store, clock, waitingMax } = this.#options;
    if (!this.#count || this.#count.untilMs < clock.nowMs()) this.#count = { waiting: await store.countWaiting(waitingMax), untilMs: clock.nowMs() + COUNT_LIFE_MS };
    if (this.#count.waiting >= waitingMax) throw new BoopError('service.overloaded', 'too many mutations wait for a revision', { kind: 'unavailable' });
  }
}

const receiptOf = ({ index, version }: Mutation, { bytes, revision }: StoredMutation): Receipt => ({ index, version, hash: mutationHash(bytes), revision });
