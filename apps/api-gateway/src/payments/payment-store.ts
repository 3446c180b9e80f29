import { type Payment, type PaymentRow, type RefundRow } from './payment-rows.ts';
import { type Database, type Transaction } from '../store/database.ts';
import { type WebhookEvent } from '../webhooks/webhook-event.ts';
import { writeWebhookEvents } from '../webhooks/write-webhook-events.ts';
import { type PaymentState } from './payment-rows.ts';

/** Longer than a run, a reservation and a signature take together. */
const strandedMs = 45_000;

/** Rows of payments and refunds. A status changes only from one that the caller names, so that of two who act one loses. */
export class PaymentStore {
  readonly #database: Database;
  constructor(database: Database) {
    this.#database = database;
  }

  /** A new attempt at a context's money; earlier ones that came to nothing are given back. */
  async begin(payment: Omit<Payment, 'id' | 'status'>, idOf: (attempt: number) => string, nowMs: number): Promise<Payment> {
    const { vendorId, authenticationId, amount, currency, payer, payee } = payment;
    const now = new Date(nowMs);
    return await this.#database.$transaction(async (tx) => {
      const earlier = { vendorId, authenticationId };
      const id = idOf((await tx.paymentRow.count({ where: earlier })) + 1);
      await tx.paymentRow.updateMany({ where: { ...earlier, status: { in: ['reserving', 'reserved'] } }, data: { status: 'voiding', changedAt: now, nextAttemptAt: now } });
      await tx.paymentRow.create({ data: { id, vendorId, authenticationId, status: 'reserving', amount: BigInt(amount), currency, payer, payee, createdAt: now, changedAt: now, nextAttemptAt: now } });
      return { ...payment, id, status: 'reserving' };
    });
  }

  /** @returns false, and changes nothing, when the row is in none of the states `from` */
  async move(id: string, from: readonly PaymentState[], to: PaymentState, nowMs: number, webhooks: readonly WebhookEvent[] = []): Promise<boolean> {
    return await this.#database.$transaction(async (tx) => {
      const isMoved = await movePayment(tx, id, from, to, nowMs);
      if (isMoved) await writeWebhookEvents(tx, webhooks);
      return isMoved;
    });
  }

  /** The newest attempt of a context. */
  async latest(vendorId: string, authenticationId: string): Promise<(PaymentRow & { refunds: RefundRow[] }) | undefined> {
    return (await this.#database.paymentRow.findFirst({ where: { vendorId, authenticationId }, orderBy: { createdAt: 'desc' }, include: { refunds: true } })) ?? undefined;
  }

  /** Gives back what nobody acts for any more. */
  async releaseStranded(nowMs: number): Promise<void> {
    const now = new Date(nowMs);
    await this.#database.paymentRow.updateMany({ where: { status: { in: ['reserving', 'reserved'] }, changedAt: { lte: new Date(nowMs - strandedMs) } }, data: { status: 'voiding', changedAt: now, nextAttemptAt: now } });
  }

  /** Takes what is to be posted or voided, for so long. */
  async claim(nowMs: number, leaseMs: number, limit: number): Promise<PaymentRow[]> {
    return await this.#database.$transaction(async (tx) => {
      const rows = await tx.$queryRaw<{ id: string }[]>`
        SELECT id FROM payments WHERE status IN ('posting', 'voiding') AND next_attempt_at <= ${new Date(nowMs)} ORDER BY next_attempt_at LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
      const where = { id: { in: rows.map(({ id }) => id) } };
      await tx.paymentRow.updateMany({ where, data: { attempts: { increment: 1 }, nextAttemptAt: new Date(nowMs + leaseMs) } });
      return await tx.paymentRow.findMany({ where });
    });
  }

  async postpone(id: string, untilMs: number): Promise<void> {
    await this.#database.paymentRow.updateMany({ where: { id }, data: { nextAttemptAt: new Date(untilMs) } });
  }

  /** Decides on a refund under the lock of its payment. @returns what `decide` gives */
  async withLock<T>(id: string, decide: (tx: Transaction, refunds: readonly RefundRow[]) => Promise<T>): Promise<T> {
    return await this.#database.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT 1 FROM payments WHERE id = ${id} FOR UPDATE`;
      return await decide(tx, await tx.refundRow.findMany({ where: { paymentId: id } }));
    });
  }

  async claimRefunds(nowMs: number, leaseMs: number, limit: number): Promise<(RefundRow & { payment: PaymentRow })[]> {
    return await this.#database.$transaction(async (tx) => {
      const rows = await tx.$queryRaw<{ payment_id: string; refund_id: string }[]>`
        SELECT payment_id, refund_id FROM refunds WHERE status = 'pending' AND next_attempt_at <= ${new Date(nowMs)} ORDER BY next_attempt_at LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
      if (rows.length === 0) return [];
      const where = { OR: rows.map(({ payment_id: paymentId, refund_id: refundId }) => ({ paymentId, refundId })) };
      await tx.refundRow.updateMany({ where, data: { attempts: { increment: 1 }, nextAttemptAt: new Date(nowMs + leaseMs) } });
      return await tx.refundRow.findMany({ where, include: { payment: true } });
    });
  }

  async endRefund(refund: { paymentId: string; refundId: string }, status: 'posted' | 'refused', webhooks: readonly WebhookEvent[]): Promise<void> {
    await this.#database.$transaction(async (tx) => {
      const { count } = await tx.refundRow.updateMany({ where: { paymentId: refund.paymentId, refundId: refund.refundId, status: 'pending' }, data: { status } });
      if (count > 0) await writeWebhookEvents(tx, webhooks);
    });
  }

  async postponeRefund({ paymentId, refundId }: { paymentId: string; refundId: string }, untilMs: number): Promise<void> {
    await this.#database.refundRow.updateMany({ where: { paymentId, refundId }, data: { nextAttemptAt: new Date(untilMs) } });
  }
}

/** As {@link PaymentStore.move}, within a transaction of somebody else's change. */
export async function movePayment(tx: Transaction, id: string, from: readonly PaymentState[], to: PaymentState, nowMs: number): Promise<boolean> {
  const now = new Date(nowMs);
  const { count } = await tx.paymentRow.updateMany({ where: { id, status: { in: [...from] } }, data: { status: to, changedAt: now, nextAttemptAt: now } });
  return count === 1;
}
