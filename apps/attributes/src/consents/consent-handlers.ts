import { type OwnerCalls } from '@boop/identity';
import { consentMethods, consentPaths } from '@boop/protocol';
import { checked, type MethodHandlers, type TableHandlers } from '../link/method-table.ts';
import { type ConsentService } from './consent-service.ts';

/** What the gateway may ask about consents. Reads are answered to the owner who signed them, not to the gateway. */
export function consentHandlers({ service, calls }: { service: ConsentService; calls: OwnerCalls }): MethodHandlers {
  const handlers: TableHandlers<typeof consentMethods> = {
    'consents.grant': ({ grant }) => service.grant(grant),
    'consents.revoke': ({ revocation }) => service.revoke(revocation),
    'consents.list': async ({ call, after, limit, status }) => await service.list(calls.accept(call, 'GET', consentPaths.list), { after, limit, status }),
    'consents.get': async ({ call, consentId }) => await service.get(calls.accept(call, 'GET', consentPaths.one(consentId)), consentId),
    'consents.receipts': async ({ call, consentId }) => await service.receipts(calls.accept(call, 'GET', consentPaths.receipts(consentId)), consentId),
    'consents.texts': () => service.texts(),
    'consents.publish-text': (text) => service.publishText(text),
    'consents.erase': ({ request }) => service.erase(request),
    'consents.events': ({ limit }) => service.events(limit),
    'consents.settle': async ({ sequences }) => {
      await service.settle(sequences);
      return {};
    },
  };
  return checked(consentMethods, handlers);
}
