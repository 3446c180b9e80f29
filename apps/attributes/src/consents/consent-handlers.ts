import { type OwnerCalls } from '@boop/identity';
import { consentMethods, consentPaths } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { type z } from 'zod';
import { type ConsentService } from './consent-service.ts';

type Method = keyof typeof consentMethods;
type Body<M extends Method> = z.output<(typeof consentMethods)[M]['body']>;
type Answer<M extends Method> = z.input<(typeof consentMethods)[M]['answer']>;

/** Methods of a link by name; each checks its body. */
export type MethodHandlers = Readonly<Record<string, (body: unknown) => Promise<unknown>>>;

/** What the gateway may ask about consents. Reads are answered to the owner who signed them, not to the gateway. */
export function consentHandlers({ service, calls }: { service: ConsentService; calls: OwnerCalls }): MethodHandlers {
  const table: { [M in Method]: (body: Body<M>) => Promise<Answer<M>> } = {
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
  return Object.fromEntries(
    (Object.keys(table) as Method[]).map((method) => [
      method,
      async (body: unknown) => {
        const parsed = consentMethods[method].body.safeParse(body);
        if (!parsed.success) throw new BoopError('request.malformed', 'the body is not as documented');
        return await (table[method] as (body: unknown) => Promise<unknown>)(parsed.data);
      },
    ]),
  );
}
