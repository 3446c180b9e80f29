import { verifyLogProof } from '@boop/log';
import { logEntryHash, type LogEntry, type LogProof, parseLogEntry, proofResponseSchema } from '@boop/protocol';
import { fromBase64Url } from '@boop/shared';
import { sdkError } from '../errors.ts';
import { type RestClient } from '../rest/rest-client.ts';
import { delay } from '../waiting.ts';

export interface LogProofOptions {
  /** How long to wait until a checkpoint includes the entry, milliseconds; 0 asks once. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

const pollMs = 300;
const pollMsMin = 50;

/**
 * Fetches the inclusion proof of an entry.
 * @param entryHash as in a result's `logEntry`
 * @throws BoopError `log.pending` when no checkpoint included it in time, `request.not-found`, `log.unavailable`
 */
export async function fetchLogProof(rest: RestClient, entryHash: string, { waitMs = 0, signal }: LogProofOptions, nowMs: () => number): Promise<LogProof> {
  const deadline = nowMs() + waitMs;
  for (;;) {
    try {
      return (await rest.request('GET', `/v1/ledger/proofs/${encodeURIComponent(entryHash)}`, { schema: proofResponseSchema, signal })).proof;
    } catch (error) {
      const { code, retryAfterMs } = error as { code?: string; retryAfterMs?: number };
      const wait = Math.max(retryAfterMs ?? pollMs, pollMsMin);
      if (!isOnItsWay(code) || nowMs() + wait > deadline) throw error;
      await delay(wait, signal);
    }
  }
}

/** Accepted by the gateway is not yet known to the ledger, and known is not yet included. */
const isOnItsWay = (code: string | undefined): boolean => code === 'log.pending' || code === 'request.not-found' || code === 'log.unavailable';

/**
 * Verifies a proof offline: the entry hashes to `entryHash` and lies under a checkpoint that the key signed.
 * @param verifierKey C2SP vkey, pinned by the caller
 * @throws BoopError `log.*`, or `receipt.invalid` when the proof is of another entry
 */
export function verifyProof(proof: LogProof, verifierKey: string, entryHash?: string): { readonly entry: LogEntry; readonly leafIndex: number; readonly treeSize: number } {
  const { index, size } = verifyLogProof(proof, verifierKey);
  const bytes = fromBase64Url(proof.entry);
  if (entryHash !== undefined && logEntryHash(bytes) !== entryHash) throw sdkError('receipt.invalid', { kind: 'peer' });
  return { entry: parseLogEntry(bytes), leafIndex: index, treeSize: size };
}
