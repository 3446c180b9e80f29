import { Gauge } from 'prom-client';
import { type Core } from '../features/core.ts';
import { type Feature } from '../features/feature.ts';
import { type BackgroundWork } from '../jobs/background-work.ts';
import { DeliveryStore } from './delivery-store.ts';
import { DeliveryWorker } from './delivery-worker.ts';
import { WebhookEndpoints } from './endpoint-service.ts';
import { webhookSender } from './send-webhook.ts';
import { WebhookPublisher } from './webhook-publisher.ts';
import { webhooksApi } from './webhooks.api.ts';
import { WebhooksController } from './webhooks.controller.ts';

const pruneMs = 60_000;

/** What vendors are told over HTTP. The outbox in PostgreSQL is the truth; jobs through Redis, or PostgreSQL without it, say when to look. */
export function webhooksFeature({ config, manifest, database, registry, device, clock, rng, log }: Core, background: BackgroundWork): Feature & { readonly publisher: WebhookPublisher; readonly wake: () => void } {
  const { testNetwork } = manifest;
  const store = new DeliveryStore(database);
  const { wake } = background;
  const worker = new DeliveryWorker({ store, send: webhookSender({ testNetwork }), key: device, clock, rng, log, wake, ...(config.webhookRetryMs ? { delaysMs: config.webhookRetryMs } : {}) });
  background.add(() => worker.look());
  const publisher = new WebhookPublisher(database, wake);
  new Gauge({ name: 'boop_webhook_deliveries_waiting', help: 'Deliveries that have not arrived yet', registers: [registry], async collect() { this.set(await store.waiting()); } });
  return {
    name: 'webhooks',
    publisher,
    wake,
    controllers: [WebhooksController],
    providers: [
      { provide: WebhookEndpoints, useValue: new WebhookEndpoints({ database, key: device, testNetwork, wake, clock, rng }) },
      { provide: WebhookPublisher, useValue: publisher },
    ],
    api: webhooksApi,
    jobs: [{ name: 'prune webhooks', everyMs: pruneMs, run: () => store.prune(clock.nowMs()) }],
    stop: () => worker.stop(),
  };
}
