import { BoopError } from '@boop/shared';
import { type Core } from '../features/core.ts';
import { type Feature } from '../features/feature.ts';
import { type BackgroundWork } from '../jobs/background-work.ts';
import { PaymentService } from './payment-service.ts';
import { PaymentStore } from './payment-store.ts';
import { PaymentWorker } from './payment-worker.ts';
import { paymentsApi } from './payments.api.ts';
import { PaymentsController, SECTORS, type Sectors } from './payments.controller.ts';

/** Money of payment contexts. */
export function paymentsFeature({ manifest, database, stores, accounts: ledger, clock, log }: Core, background: BackgroundWork): Feature & { readonly service: PaymentService } {
  const store = new PaymentStore(database);
  const { wake } = background;
  const worker = new PaymentWorker({ store, ledger, clock, log, onChange: wake });
  background.add(() => worker.look());
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
    controllers: [PaymentsController],
    providers: [
      { provide: PaymentService, useValue: service },
      { provide: SECTORS, useValue: sectors },
    ],
    api: paymentsApi,
  };
}
