import { type SigningKey } from '@boop/identity';
import { describeError, type Logger } from '@boop/platform';
import { type Clock, type Rng } from '@boop/shared';
import { type DeliveryStore, type DueDelivery } from './delivery-store.ts';
import { persistentFailureMs, retryDelayMs, retryDelaysMs } from './retry.ts';
import { type SendWebhook } from './send-webhook.ts';
import { endpointSecret, signWebhook } from './signature.ts';

/** Longer than an attempt can take. */
const leaseMs = 30_000;
const atOnceMax = 64;
const atOncePerEndpoint = 8;

export interface WorkerOptions {
  readonly store: DeliveryStore;
  readonly send: SendWebhook;
  readonly key: SigningKey;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Logger;
  /** Looks again after so many milliseconds, or at once. */
  readonly wake: (delayMs?: number) => void;
  readonly delaysMs?: readonly number[];
}

/** Sends what is due. Many receivers at once; a slow one holds up itself alone. */
export class DeliveryWorker {
  readonly #options: WorkerOptions;
  readonly #running = new Map<Promise<void>, string>();
  #isStopped = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** Takes as much as it has room for and returns; each delivery that ends makes room and looks again. */
  async look(): Promise<void> {
    const { store, clock, wake } = this.#options;
    const all = atOnceMax - this.#running.size;
    if (all <= 0 || this.#isStopped) return;
    const due = await store.claim(clock.nowMs(), leaseMs, { all, perEndpoint: atOncePerEndpoint, underWay: this.#underWay() });
    for (const delivery of due) {
      const task = this.#deliver(delivery).finally(() => {
        this.#running.delete(task);
        if (!this.#isStopped) wake();
      });
      this.#running.set(task, delivery.endpointId);
    }
  }

  /** Resolves when no attempt is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.allSettled([...this.#running.keys()]);
  }

  /** Attempts by endpoint. */
  #underWay(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const endpoint of this.#running.values()) counts.set(endpoint, (counts.get(endpoint) ?? 0) + 1);
    return counts;
  }

  async #deliver(delivery: DueDelivery): Promise<void> {
    const { store, send, log } = this.#options;
    try {
      const sent = await send(this.#outgoing(delivery));
      if (sent.ok) await store.delivered(delivery, sent.answer);
      else await this.#failed(delivery, { code: sent.failure, answer: sent.answer });
    } catch (error) {
      // The lease brings it up again.
      log.error('the outcome of a webhook could not be stored', { delivery: String(delivery.id), error: describeError(error) });
    }
  }

  async #failed(delivery: DueDelivery, failure: Parameters<DeliveryStore['failed']>[1]): Promise<void> {
    const { store, clock, rng, log, wake, delaysMs = retryDelaysMs } = this.#options;
    const nowMs = clock.nowMs();
    const delayMs = retryDelayMs(delivery.attempts, rng.bytes(1)[0]! / 255, delaysMs);
    const gone = failure.answer === 410;
    // First, while the delivery is still this worker's: a disabled endpoint gets no further attempt.
    if (await store.disable(delivery.endpointId, gone ? 'gone' : 'persistent-failure', gone ? undefined : new Date(nowMs - persistentFailureMs))) {
      log.warn('a webhook endpoint was disabled', { endpoint: delivery.endpointId });
      return;
    }
    await store.failed(delivery, failure, delayMs === undefined ? undefined : nowMs + delayMs, nowMs);
    if (delayMs !== undefined) wake(delayMs);
  }

  #outgoing({ eventId, endpointId, url, type, data, eventAtMs, secretNumber, previousSecretUntilMs }: DueDelivery): { url: string; headers: Record<string, string>; body: string } {
    const { key, clock } = this.#options;
    const nowMs = clock.nowMs();
    const timestamp = Math.floor(nowMs / 1000);
    const body = JSON.stringify({ type, timestamp: new Date(eventAtMs).toISOString(), data });
    const numbers = [secretNumber, ...(previousSecretUntilMs !== undefined && nowMs < previousSecretUntilMs ? [secretNumber - 1] : [])];
    const secrets = numbers.map((number) => endpointSecret(key, endpointId, number));
    return {
      url,
      body,
      headers: { 'content-type': 'application/json', 'user-agent': 'boop-webhooks/1', 'webhook-id': eventId, 'webhook-timestamp': String(timestamp), 'webhook-signature': signWebhook(secrets, eventId, timestamp, body) },
    };
  }
}
