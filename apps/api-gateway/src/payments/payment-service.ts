import { type CreateTransferJson, type TransferStatus } from '@boop/accounts';
import { type AuthenticationContext } from '@boop/identity';
import { describeError, type Logger } from '@boop/platform';
import { type CreateRefund, type Refund } from '@boop/protocol';
import { BoopError, type Clock } from '@boop/shared';
import { type AccountsClient } from '../ledger/accounts-client.ts';
import { paymentIdOf, tillOf, transferIdOf, walletOf } from './money-names.ts';
import { type Payment, refundedOf, refundViewOf } from './payment-rows.ts';
import { type PaymentStore } from './payment-store.ts';

/** When a reservation ends by itself, should no gateway ever come back to it. */
const reservationSeconds = 7 * 86_400;

/** Named between any two writes; a test lets the process end there. */
export type PaymentFaults = (point: string) => void;

export interface PaymentDependencies {
  readonly store: PaymentStore;
  readonly ledger: AccountsClient;
  readonly wake: () => void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly faults?: PaymentFaults;
}

/** Why the payer has not got the money: nothing in the wallet, or no wallet. */
const notThere: ReadonlySet<TransferStatus> = new Set(['exceeds_credits', 'debit_account_not_found']);

/** Money of payment contexts: reserved before the nodes sign, given back when they don't, refunded when the vendor says so. */
export class PaymentService {
  readonly #with: PaymentDependencies;
  constructor(dependencies: PaymentDependencies) {
    this.#with = dependencies;
  }

  /**
   * Reserves a context's amount in the payer's wallet.
   * @returns the payment's id; undefined when the wallet doesn't hold it
   * @throws BoopError `log.unavailable`; what was reserved by then is given back
   */
  async reserve(sessionId: string, { networkId, contextId, vendorId, sector, amount, currency }: AuthenticationContext, sub: string): Promise<string | undefined> {
    const { store, ledger, clock, faults } = this.#with;
    if (amount === undefined || currency === undefined) throw new BoopError('context.invalid', 'a payment needs an amount and a currency');
    const wanted = { vendorId, authenticationId: contextId, amount, currency, payer: walletOf(networkId, sector, sub, currency), payee: tillOf(vendorId, currency) };
    const payment = await store.begin(wanted, (attempt) => paymentIdOf(sessionId, attempt), clock.nowMs());
    faults?.('begun');
    try {
      await ledger.ask('accounts.create', { accounts: [{ id: payment.payee, asset: currency }] });
      const status = await this.#transfer({ id: transferIdOf.reservation(payment.id), kind: 'pending', debitAccount: payment.payer, creditAccount: payment.payee, amount: String(amount), asset: currency, code: 'payment', timeoutSeconds: reservationSeconds });
      faults?.('asked');
      if (status === 'created') return await this.#reserved(payment);
      if (!notThere.has(status)) throw new BoopError('service.internal', 'the ledger refused a reservation', { kind: 'fatal' });
      await store.move(payment.id, ['reserving'], 'refused', clock.nowMs(), [this.#event('payment.refused', payment)]);
      return undefined;
    } catch (error) {
      await this.abandon(payment.id);
      throw error;
    }
  }

  /** Gives a reservation back that no decision has used. Never throws: what it can't do now is done later. */
  async abandon(paymentId: string): Promise<void> {
    const { store, clock, log, wake } = this.#with;
    try {
      if (await store.move(paymentId, ['reserving', 'reserved'], 'voiding', clock.nowMs())) wake();
    } catch (error) {
      log.warn('a reservation could not be given back yet', { error: describeError(error) });
    }
  }

  /**
   * Sends money of a posted payment back. The same `refundId` again is the refund that is there.
   * @throws BoopError `request.not-found`, `request.conflict` (not posted, or more than is left), `idempotency.other-body`
   */
  async refund(vendorId: string, authenticationId: string, { refundId, amount }: CreateRefund): Promise<Refund> {
    const { store, clock, wake } = this.#with;
    const payment = await store.latest(vendorId, authenticationId);
    if (!payment) throw new BoopError('request.not-found', 'there is no such payment');
    const refund = await store.withLock(payment.id, async (tx, refunds) => {
      const known = refunds.find((one) => one.refundId === refundId);
      if (known) {
        if (amount !== undefined && BigInt(amount) !== known.amount) throw new BoopError('idempotency.other-body', 'this refund has another amount');
        return known;
      }
      if (payment.status !== 'posted') throw new BoopError('request.conflict', 'the payment is not posted');
      const left = Number(payment.amount) - refundedOf(refunds);
      const wanted = amount ?? left;
      if (wanted <= 0 || wanted > left) throw new BoopError('request.conflict', 'a refund is never more than what is left of the payment');
      const now = new Date(clock.nowMs());
      return await tx.refundRow.create({ data: { paymentId: payment.id, refundId, status: 'pending', amount: BigInt(wanted), createdAt: now, nextAttemptAt: now } });
    });
    wake();
    return refundViewOf(refund, payment);
  }

  async refunds(vendorId: string, authenticationId: string): Promise<Refund[]> {
    const payment = await this.#with.store.latest(vendorId, authenticationId);
    if (!payment) throw new BoopError('request.not-found', 'there is no such payment');
    return payment.refunds.map((refund) => refundViewOf(refund, payment));
  }

  /** Opens the wallet of a person known to a sector by `sub`, if there is none. @returns its id and what is in it */
  async openWallet(networkId: string, sector: string, sub: string, currency: string): Promise<{ account: string; available: string; reserved: string }> {
    const { ledger } = this.#with;
    const account = walletOf(networkId, sector, sub, currency);
    await ledger.ask('accounts.create', { accounts: [{ id: account, asset: currency }] });
    const { creditsPosted, debitsPosted, debitsPending } = (await ledger.ask('accounts.get', { id: account })).account.balances;
    return { account, available: String(BigInt(creditsPosted) - BigInt(debitsPosted) - BigInt(debitsPending)), reserved: debitsPending };
  }

  async #reserved(payment: Payment): Promise<string> {
    const { store, clock, wake, faults } = this.#with;
    faults?.('reserved');
    if (await store.move(payment.id, ['reserving'], 'reserved', clock.nowMs())) return payment.id;
    // Given up meanwhile, perhaps before the reservation was there: once more.
    await store.move(payment.id, ['voiding', 'voided'], 'voiding', clock.nowMs());
    wake();
    throw new BoopError('mpc.aborted', 'the reservation came too late', { kind: 'unavailable', retryAllowed: true });
  }

  /** A repetition of what was created before is `created`; of what failed before, its first status. */
  async #transfer(transfer: CreateTransferJson): Promise<TransferStatus> {
    const { results } = await this.#with.ledger.ask('transfers.create', { transfers: [transfer] });
    const { status, cause } = results[0]!;
    return status === 'exists' ? 'created' : (cause ?? status);
  }

  #event(type: 'payment.refused', { vendorId, authenticationId, amount, currency }: Payment): { vendorId: string; type: typeof type; data: object; atMs: number } {
    return { vendorId, type, data: { authenticationId, amount, currency }, atMs: this.#with.clock.nowMs() };
  }
}
