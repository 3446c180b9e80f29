import { type Core } from '../features/core.ts';
import { type Feature } from '../features/feature.ts';
import { type NodeLink } from '../nodes/node-link.ts';
import { ConsentEvents } from './consent-events.ts';
import { consentsApi } from './consents.api.ts';
import { consentsClient } from './consents-client.ts';
import { ConsentsController } from './consents.controller.ts';
import { ErasuresController } from './erasures.controller.ts';
import { handOnTo } from './hand-on.ts';
import { PurposeTextsController } from './purpose-texts.controller.ts';
import { CONSENT_EVENTS, CONSENTS } from './tokens.ts';

/** Consents of people to vendors, kept by the attributes service. */
export function consentsFeature({ database, sendOutbox, log }: Core, attributes: NodeLink, wakeWebhooks: () => void): Feature {
  const consents = consentsClient(attributes);
  const events = new ConsentEvents({ consents, handOn: handOnTo(database, { sendOutbox, wakeWebhooks }), log });
  return {
    name: 'consents',
    controllers: [ConsentsController, PurposeTextsController, ErasuresController],
    providers: [
      { provide: CONSENTS, useValue: consents },
      { provide: CONSENT_EVENTS, useValue: events },
    ],
    api: consentsApi,
    jobs: [{ name: 'hand on events of consents', everyMs: 1_000, run: async () => void (attributes.connected && (await events.run())) }],
  };
}
