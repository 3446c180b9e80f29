import { type Core } from '../features/core.ts';
import { type Feature } from '../features/feature.ts';
import { vendorStore } from './vendor-store.ts';
import { VendorService } from './vendor-service.ts';
import { vendorsApi } from './vendors.api.ts';
import { VendorsController } from './vendors.controller.ts';

export function vendorsFeature({ database, manifest, clock, rng }: Core): Feature & { readonly service: VendorService } {
  const service = new VendorService({ store: vendorStore(database), manifest, clock, rng });
  return { name: 'vendors', service, controllers: [VendorsController], providers: [{ provide: VendorService, useValue: service }], api: vendorsApi };
}
