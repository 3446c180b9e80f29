import { type LogProof } from '@boop/protocol';
import { BoopError, isBoopError } from '@boop/shared';
import { type Ledger } from '../ledger/ledger-client.ts';
import { type OutboxStore } from './ports.ts';

/** Proofs of what this gateway's requests left in the log. */
export class LogService {
  readonly #ledger: Ledger;
  readonly #outbox: Pick<OutboxStore, 'holds'>;

  constructor(ledger: Ledger, outbox: Pick<OutboxStore, 'holds'>) {
    this.#ledger = ledger;
    this.#outbox = outbox;
  }

  /** @throws BoopError `log.pending`, also for an entry that has not reached the ledger yet; `request.not-found`, `log.unavailable` */
  async proof(entryHash: string): Promise<LogProof> {
    // Asked first: between the two questions an entry only moves from the outbox to the ledger.
    const waits = await this.#outbox.holds(entryHash);
    try {
      return await this.#ledger.proof(entryHash);
    } catch (error) {
      if (waits && isBoopError(error) && error.code === 'request.not-found') throw new BoopError('log.pending', 'the entry is on its way to the log', { kind: 'unavailable' });
      throw error;
    }
  }
}
