import { type Logger } from '@boop/platform';
import { type EntryReceipt, retentionEnd } from '@boop/protocol';
import { type Clock, isBoopError } from '@boop/shared';
import { type Registrar } from '../gallery/registrar.ts';
import { type ErasureLeader } from '../leader/erasure-leader.ts';
import { type RegistrationRecord } from '../link/peer-methods.ts';
import { type Peers } from '../link/peers.ts';
import { type Network } from '../network.ts';

const periodMs = 1_000;
/** The lowest node that is up has all nodes erase at once, so that galleries differ for no longer than that takes; another one does if it hasn't. */
const patienceSeconds = 30;

/** Has registrations erased whose consent's time is over. No node needs to be told to: each judges by its own record and clock. */
export class RetentionKeeper {
  readonly #input: { network: Network; peers: Peers; registrar: Registrar; erasure: ErasureLeader; onEntry: (entry: Uint8Array, receipts: readonly EntryReceipt[]) => Promise<void>; clock: Clock; log: Logger };
  #timer: NodeJS.Timeout | undefined;
  #working = false;

  constructor(input: { network: Network; peers: Peers; registrar: Registrar; erasure: ErasureLeader; onEntry: (entry: Uint8Array, receipts: readonly EntryReceipt[]) => Promise<void>; clock: Clock; log: Logger }) {
    this.#input = input;
  }

  start(): void {
    this.#timer = setInterval(() => void this.run(), periodMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async run(): Promise<void> {
    const { network, peers, registrar, clock } = this.#input;
    if (this.#working) return;
    this.#working = true;
    try {
      const now = Math.floor(clock.nowMs() / 1000);
      const leads = [...peers.live(), network.self].every((party) => party >= network.self);
      for (const record of registrar.outlived(leads ? now : now - patienceSeconds)) await this.#end(record);
    } finally {
      this.#working = false;
    }
  }

  async #end({ accountKey, splitHash: split, retainUntil }: RegistrationRecord): Promise<void> {
    const { network, erasure, onEntry, log } = this.#input;
    try {
      const { entry, receipts } = await erasure.run({ request: retentionEnd({ networkId: network.networkId, accountKey: accountKey!, split, retainUntil: retainUntil! }) });
      await onEntry(entry, receipts);
    } catch (error) {
      log.warn('a registration whose time is over is not erased yet', { code: isBoopError(error) ? error.code : 'internal' });
    }
  }
}
