import { AccountsController } from '../ledger/accounts.controller.ts';
import { ledgerApi } from '../ledger/ledger.api.ts';
import { SettlementsController } from '../ledger/settlements.controller.ts';
import { StatementsController } from '../ledger/statements.controller.ts';
import { TransfersController } from '../ledger/transfers.controller.ts';
import { ACCOUNTS } from '../http/tokens.ts';
import { type Core } from './core.ts';
import { type Feature } from './feature.ts';

/** Money: accounts, transfers, statements, settlements. */
export const ledgerFeature = ({ accounts }: Core): Feature => ({
  name: 'ledger',
  controllers: [AccountsController, TransfersController, StatementsController, SettlementsController],
  providers: [{ provide: ACCOUNTS, useValue: accounts }],
  api: ledgerApi,
});
