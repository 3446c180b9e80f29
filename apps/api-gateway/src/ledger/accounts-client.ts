import { type AccountMethod, type AccountMethodAnswer, type AccountMethodBody, accountMethods } from '@boop/accounts';
import { BoopError } from '@boop/shared';
import { type NodeLink } from '../nodes/node-link.ts';
import { translateLedgerError } from './ledger-client.ts';

const timeoutMs = 15_000;

/** Asks the ledger's accounts. @throws BoopError `log.unavailable`, or the ledger's refusal */
export interface AccountsClient {
  ask<M extends AccountMethod>(method: M, body: AccountMethodBody<M>): Promise<AccountMethodAnswer<M>>;
}

export function accountsClient(link: Pick<NodeLink, 'request'>): AccountsClient {
  return {
    async ask(method, body) {
      const answer = await link.request(method, body, { timeoutMs }).catch((error: unknown) => {
        throw translateLedgerError(error);
      });
      const parsed = accountMethods[method].answer.safeParse(answer);
      if (!parsed.success) throw new BoopError('log.unavailable', 'the ledger answered in an unknown form', { kind: 'unavailable' });
      return parsed.data as AccountMethodAnswer<typeof method>;
    },
  };
}
