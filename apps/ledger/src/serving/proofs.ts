import { createLogProof } from '@boop/log';
import { type LogProof, logProofSchema } from '@boop/protocol';
import { BoopError, fromBase64Url } from '@boop/shared';
import { type LogStore } from '../store/log-store.ts';

const HASH_BYTES = 32;

/** Makes proofs that an entry is in the log, under the last published checkpoint. */
export class Proofs {
  readonly #store: LogStore;

  constructor(store: LogStore) {
    this.#store = store;
  }

  /**
   * Cost: at most one tile per level and four small queries.
   * @param entryHash SHA-256 of the entry, base64url
   * @throws BoopError `request.malformed`, `request.not-found`, `log.pending` while no published checkpoint covers the entry
   */
  async proofOf(entryHash: string): Promise<LogProof> {
    const leafIndex = (await this.#store.leafIndexes([parseHash(entryHash)])).get(entryHash);
    if (leafIndex === undefined) throw new BoopError('request.not-found', 'the log has no such entry');
    const published = await this.#store.published();
    if (published === undefined || leafIndex >= published.size) {
      throw new BoopError('log.pending', 'the entry is written and waits for a checkpoint', { kind: 'unavailable' });
    }
    const entry = await this.#store.entry(leafIndex);
    return logProofSchema.parse(await createLogProof(this.#store, entry!, leafIndex, published.note));
  }
}

function parseHash(text: string): Uint8Array {
  try {
    const hash = fromBase64Url(text);
    if (hash.length === HASH_BYTES) return hash;
  } catch {
    // Falls through to the one refusal.
  }
  throw new BoopError('request.malformed', 'an entry hash is 32 bytes as base64url');
}
