import { type JobBackend, openWakeUp, readSecretFile } from '@boop/platform';
import { BoopError } from '@boop/shared';
import { type Core } from '../features/core.ts';
import { type Feature } from '../features/feature.ts';
import { PaymentService } from './payment-service.ts';
import { PaymentStore } from './payment-store.ts';
import { PaymentWorker } from './payment-worker.ts';
import { paymentsApi } from './payments.api.ts';
import { PaymentsController, SECTORS, type Sectors } from './payments.controller.ts';

const lookMs = 1_000;

/** Money of payment contexts. */
export function paymentsFeature({ config, manifest, database, stores, accounts: ledger, clock, log }: Core, onChange: () => void): Feature & { readonly service: PaymentService; readonly wake: () => void } {
  const store = new PaymentStore(database);
  let wakeUp: Awaited<ReturnType<typeof openWakeUp>> | undefined;
  const wake = (): void => wakeUp?.wake();
  const worker = new PaymentWorker({ store, ledger, clock, log, onChange });
  const service = new PaymentService({ store, ledger, wake, clock, log });
  const sectors: Sectors = {
    async of(vendorId) {
      const vendor = await stores.directory.vendor(vendorId);
      if (!vendor) throw new BoopError('request.forbidden', 'the vendor is not active');
      return { networkId: manifest.networkId, sector: vendor.sector };
    },
  };
  return {
    name: 'payments',
    service,
    wake,
    controllers: [PaymentsController],
    providers: [
      { provide: PaymentService, useValue: service },
      { provide: SECTORS, useValue: sectors },
    ],
    api: paymentsApi,
    start: async () => {
      const backend: JobBackend = config.redisUrlFile ? { redisUrl: readSecretFile(config.redisUrlFile) } : { databaseUrl: readSecretFile(config.databaseUrlFile) };
      wakeUp = await openWakeUp('boop-payments', backend, { work: () => worker.look(), log, intervalMs: lookMs });
      wake();
    },
    stop: async () => {
      await wakeUp?.close();
    },
  };
}
