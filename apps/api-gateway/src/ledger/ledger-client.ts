import { type EntryReceipt, isProblemCode, ledgerMethods, type LogProof } from '@boop/protocol';
import { BoopError, isBoopError } from '@boop/shared';
import { type NodeLink } from '../nodes/node-link.ts';

const timeoutMs = 5_000;

export interface Ledger {
  /** Durable at the ledger when it resolves; the same entry again gives the same index. @throws BoopError `log.unavailable`, or the ledger's refusal */
  append(entry: Uint8Array, receipts: readonly EntryReceipt[]): Promise<number>;
  /** @throws BoopError `log.pending`, `request.not-found`, `log.unavailable` */
  proof(entryHash: string): Promise<LogProof>;
  readonly connected: boolean;
}

export function ledgerClient(link: NodeLink): Ledger {
  const ask = async <Method extends keyof typeof ledgerMethods>(method: Method, body: unknown) => {
    const answer = await link.request(method, body, { timeoutMs }).catch((error: unknown) => {
      throw translateLedgerError(error);
    });
    const parsed = ledgerMethods[method].answer.safeParse(answer);
    if (!parsed.success) throw new BoopError('log.unavailable', 'the ledger answered in an unknown form', { kind: 'unavailable' });
    return parsed.data;
  };
  return {
    get connected() {
      return link.connected;
    },
    async append(entry, receipts) {
      const { leafIndex } = ledgerMethods['log.append'].answer.parse(await ask('log.append', { entry, receipts: [...receipts] }));
      return leafIndex;
    },
    async proof(entryHash) {
      const { proof } = ledgerMethods['log.proof'].answer.parse(await ask('log.proof', { entryHash }));
      return proof;
    },
  };
}

/** Faults of the link are the log's; a refusal keeps its code. */
export function translateLedgerError(error: unknown): BoopError {
  if (isBoopError(error) && (isProblemCode(error.code) || (error.kind === 'rejected' && error.code.startsWith('log.')))) return error;
  return new BoopError('log.unavailable', 'the log is not reachable', { kind: 'unavailable', cause: error });
}
