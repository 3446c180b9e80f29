import { accountIdField, ownerOf } from '@boop/accounts';
import { type Principal } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { paymentsScope } from '../payments/money-names.ts';

/** Whose settlements and payments move money; no request may use them. */
const RESERVED_SCOPES: ReadonlySet<string> = new Set(['network.settlement', paymentsScope]);
const CLIENT_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** A vendor sees its own; admins and auditors see all. */
export const ownerSeenBy = ({ role, id }: Principal): string | undefined => (role === 'admin' || role === 'auditor' ? undefined : `vendor.${id}`);

/** The id of an account that the caller may read. @throws BoopError `request.not-found` for another's, as for none */
export function readableAccount(caller: Principal, accountId: unknown): string {
  const parsed = accountIdField.safeParse(accountId);
  const seenBy = ownerSeenBy(caller);
  if (!parsed.success || (seenBy !== undefined && ownerOf(parsed.data) !== seenBy)) throw new BoopError('request.not-found', 'there is no such account');
  return parsed.data;
}

/** Clients give ids of their own; the ledger knows them under the caller's name, so that two vendors' ids never meet. */
export const scopedId = (caller: Principal, id: unknown): unknown => (typeof id === 'string' && CLIENT_ID.test(id) ? `${caller.role === 'vendor' ? 'vendor' : 'network'}.${caller.id}:${id}` : id);

interface TransferNames {
  readonly id: string;
  readonly pendingId?: string | undefined;
  readonly debitAccount?: string | undefined;
}

/**
 * A vendor spends from its own accounts, and ends reservations that were made under its name. Settlements' ids are nobody's.
 * @throws BoopError `request.forbidden`
 */
export function checkTransfers(caller: Principal, transfers: readonly TransferNames[]): void {
  const forbidden = (): BoopError => new BoopError('request.forbidden', 'this credential may not move that money');
  const own = ownerSeenBy(caller);
  for (const { id, pendingId, debitAccount } of transfers) {
    if (RESERVED_SCOPES.has(ownerOf(id))) throw forbidden();
    const names = [id, pendingId, debitAccount].filter((name) => name !== undefined);
    if (own !== undefined && names.some((name) => ownerOf(name) !== own)) throw forbidden();
  }
}
