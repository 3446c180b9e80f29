import { type Handlers } from '@boop/platform';
import { isGateway } from '../link/ledger-handlers.ts';
import { type Accounts } from './accounts.ts';

/** The methods of the accounts beside those of the log, for gateways. */
export const withAccounts = (log: Handlers, accounts: Pick<Accounts, 'handle'>): Handlers => ({
  ...log,
  request: async (peer, method, body) => await ((isGateway(peer) ? accounts.handle(method, body) : undefined) ?? log.request(peer, method, body)),
});
