import { type AccountMethod, accountMethods } from '@boop/accounts';
import { BoopError } from '@boop/shared';

const balances = { debitsPending: '0', debitsPosted: '0', creditsPending: '0', creditsPosted: '1250' };
const account = (id: string) => ({ id, owner: id.split(':')[0]!, asset: 'EUR', debitLimit: '0', creditLimit: null, balances });
const transfer = { id: 'vendor.shop:order-1', sequence: '7', atMs: 5, kind: 'single', debitAccount: 'person.1:main', creditAccount: 'vendor.shop:main', amount: '1250', asset: 'EUR', code: 'payment', pendingId: null, timeoutSeconds: 0, reference: '=1+1' };
const line = { sequence: '7', atMs: 5, transferId: transfer.id, kind: 'single', code: 'payment', side: 'credit', counterparty: 'person.1:main', moved: '1250', reserved: '0', reference: '=1+1', balances };
export const settlement = { id: 'january', accountId: 'vendor.shop:main', asset: 'EUR', fromMs: 0, toMs: 1, status: 'requested' };

/** What a ledger would say, where it says yes. */
export const answers: Partial<Record<AccountMethod, (body: never) => unknown>> = {
  'accounts.create': ({ accounts }: { accounts: { id: string }[] }) => ({ results: accounts.map(({ id }) => ({ id, status: 'created' })) }),
  'accounts.get': ({ id }: { id: string }) => ({ account: account(id) }),
  'accounts.list': () => ({ accounts: [account('vendor.shop:main')], next: 'vendor.shop:main' }),
  'accounts.balances': ({ id }: { id: string }) => ({ id, sequence: '7', balances }),
  'transfers.create': ({ transfers }: { transfers: { id: string }[] }) => ({ results: transfers.map(({ id }, at) => ({ id, status: at === 0 ? 'created' : 'exceeds_credits' })) }),
  'transfers.get': () => ({ transfer, resolution: null }),
  'transfers.list': () => ({ transfers: [transfer] }),
  'statements.get': () => ({ asset: 'EUR', opening: balances, closing: balances, lines: [line], next: '7' }),
  'reports.get': () => ({ rows: [] }),
  'settlements.create': () => ({ settlement }),
  'settlements.get': () => ({ settlement }),
  'settlements.list': () => ({ settlements: [settlement] }),
  'reconciliations.create': ({ id, accountId, fromMs, toMs, lines }: { id: string; accountId: string; fromMs: number; toMs: number; lines: unknown[] }) => ({ reconciliation: { id, accountId, fromMs, toMs, matched: lines.length, missingHere: [], missingThere: [], different: [], repeated: [], difference: '0', isBalanced: true } }),
};

const none = (): never => {
  throw new BoopError('request.not-found', 'there is no such resource');
};

/** Answers as a ledger would that says yes; the real one refuses what its schemas refuse. */
export function fakeAccounts(onAsked: (method: string, body: never) => void = () => undefined): (method: string, body: unknown) => unknown {
  return (method, body) => {
    const parsed = accountMethods[method as AccountMethod].body.parse(body) as never;
    onAsked(method, parsed);
    return (answers[method as AccountMethod] ?? none)(parsed);
  };
}
