import { APP_INTERCEPTOR } from '@nestjs/core';
import { type Core } from '../features/core.ts';
import { type Feature } from '../features/feature.ts';
import { type WebhookPublisher } from '../webhooks/webhook-publisher.ts';
import { SandboxInterceptor } from './sandbox-interceptor.ts';
import { SandboxKey, sandboxIssuerOf } from './sandbox-key.ts';
import { SandboxService } from './sandbox-service.ts';
import { sandboxApi } from './sandbox.api.ts';
import { SANDBOX_ISSUER, SandboxController, SandboxIssuerController } from './sandbox.controller.ts';

/** A network for trying: magic palms, tokens of another issuer. */
export function sandboxFeature({ stores, network, manifest, device, clock, rng }: Core, webhooks: { publisher: WebhookPublisher; wake: () => void }): Feature {
  const key = new SandboxKey(device);
  const service = new SandboxService({ store: stores.authentications, directory: stores.directory, publish: (event) => webhooks.publisher.publish(event), onDecision: webhooks.wake, key, manifest, clock, rng });
  return {
    name: 'sandbox',
    controllers: [SandboxController, SandboxIssuerController],
    providers: [
      { provide: SandboxService, useValue: service },
      { provide: SandboxKey, useValue: key },
      { provide: SANDBOX_ISSUER, useValue: sandboxIssuerOf(network.issuer) },
      { provide: APP_INTERCEPTOR, useValue: new SandboxInterceptor(stores.directory) },
    ],
    api: sandboxApi,
  };
}
