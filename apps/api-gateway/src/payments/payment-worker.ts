import { type CreateTransferJson, type TransferStatus } from '@boop/accounts';
import { describeError, type Logger } from '@boop/platform';
import { type WebhookEventType } from '@boop/protocol';
import { type Clock } from '@boop/shared';
import { type AccountsClient } from '../ledger/accounts-client.ts';
import { type WebhookEvent } from '../webhooks/webhook-event.ts';
import { transferIdOf } from './money-names.ts';
import { type PaymentRow, type RefundRow } from './payment-rows.ts';
import { type PaymentFaults } from './payment-service.ts';
import { type PaymentStore } from './payment-store.ts';

const leaseMs = 20_000;
const batch = 32;
const retryMs = (attempts: number): number => Math.min(30_000, 250 * 2 ** Math.min(attempts, 8));

export interface PaymentWorkerOptions {
  readonly store: PaymentStore;
  readonly ledger: AccountsClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** There are webhooks to send. */
  readonly onChange: () => void;
  readonly faults?: PaymentFaults;
}

/** Brings to the ledger what the rows say: posts, voids, refunds. Every step may be repeated. */
export class PaymentWorker {
  readonly #options: PaymentWorkerOptions;
  constructor(options: PaymentWorkerOptions) {
    this.#options = options;
  }

  async look(): Promise<void> {
    const { store, clock, onChange } = this.#options;
    const nowMs = clock.nowMs();
    await store.releaseStranded(nowMs);
    const payments = await store.claim(nowMs, leaseMs, batch);
    const refunds = await store.claimRefunds(nowMs, leaseMs, batch);
    await Promise.all([...payments.map((payment) => this.#bring(payment)), ...refunds.map((refund) => this.#refund(refund))]);
    if (payments.length + refunds.length > 0) onChange();
  }

  async #bring(payment: PaymentRow): Promise<void> {
    const { store, clock, log, faults } = this.#options;
    try {
      const status = await this.#transfer(payment.status === 'posting' ? { id: transferIdOf.posting(payment.id), kind: 'post', pendingId: transferIdOf.reservation(payment.id) } : { id: transferIdOf.voiding(payment.id, payment.attempts), kind: 'void', pendingId: transferIdOf.reservation(payment.id) });
      faults?.(`${payment.status}-asked`);
      const end = endOf(payment.status as 'posting' | 'voiding', status);
      if (!end) throw new Error(`the ledger says ${status}`);
      if (end !== intended[payment.status as 'posting' | 'voiding']) log.error('a payment ended otherwise than intended', { payment: payment.id, intended: payment.status, status });
      await store.move(payment.id, [payment.status as 'posting' | 'voiding'], end, clock.nowMs(), [eventOf(`payment.${end}`, payment, { amount: Number(payment.amount) }, clock.nowMs())]);
    } catch (error) {
      log.warn('a payment could not be brought to the ledger yet', { payment: payment.id, attempts: payment.attempts, error: describeError(error) });
      await store.postpone(payment.id, clock.nowMs() + retryMs(payment.attempts));
    }
  }

  async #refund(refund: RefundRow & { payment: PaymentRow }): Promise<void> {
    const { store, clock, log, faults } = this.#options;
    const { payment, refundId } = refund;
    try {
      const status = await this.#transfer({ id: transferIdOf.refund(payment.id, refundId), kind: 'single', debitAccount: payment.payee, creditAccount: payment.payer, amount: String(refund.amount), asset: payment.currency, code: 'refund' });
      faults?.('refund-asked');
      if (status === 'created') return await store.endRefund(refund, 'posted', [eventOf('payment.refunded', payment, { refundId, amount: Number(refund.amount) }, clock.nowMs())]);
      if (status === 'exceeds_credits') return await store.endRefund(refund, 'refused', []);
      throw new Error(`the ledger says ${status}`);
    } catch (error) {
      log.warn('a refund could not be brought to the ledger yet', { payment: payment.id, error: describeError(error) });
      await store.postponeRefund(refund, clock.nowMs() + retryMs(refund.attempts));
    }
  }

  async #transfer(transfer: CreateTransferJson): Promise<TransferStatus> {
    const { results } = await this.#options.ledger.ask('transfers.create', { transfers: [transfer] });
    const { status, cause } = results[0]!;
    return status === 'exists' ? 'created' : (cause ?? status);
  }
}

const intended = { posting: 'posted', voiding: 'voided' } as const;

/** What a reservation has come to; undefined when it is open. */
function endOf(wanted: 'posting' | 'voiding', status: TransferStatus): 'posted' | 'voided' | undefined {
  if (status === 'created') return intended[wanted];
  if (status === 'pending_transfer_already_posted') return 'posted';
  if (status === 'pending_transfer_already_voided' || status === 'pending_transfer_expired') return 'voided';
  // A reservation that never was; one that still comes is voided by whoever made it.
  return wanted === 'voiding' && status === 'pending_transfer_not_found' ? 'voided' : undefined;
}

const eventOf = (type: WebhookEventType, { vendorId, authenticationId, currency }: PaymentRow, more: object, atMs: number): WebhookEvent => ({ vendorId, type, data: { authenticationId, currency, ...more }, atMs });
