import { type Core } from '../features/core.ts';
import { type Feature } from '../features/feature.ts';
import { type NodeLink } from '../nodes/node-link.ts';
import { attributeLog } from './attribute-log.ts';
import { attributesApi } from './attributes.api.ts';
import { attributesClient } from './attributes-client.ts';
import { AttributesController } from './attributes.controller.ts';
import { ATTRIBUTE_LOG, ATTRIBUTES } from './tokens.ts';

/** Attributes of people, sealed: the attributes service keeps them, the nodes release them. */
export function attributesFeature({ config, manifest, database, sendOutbox, clock }: Core, attributes: NodeLink): Feature {
  return {
    name: 'attributes',
    controllers: [AttributesController],
    providers: [
      { provide: ATTRIBUTES, useValue: attributesClient(attributes) },
      { provide: ATTRIBUTE_LOG, useValue: attributeLog({ networkId: config.networkId, epoch: () => manifest.epoch, database, sendOutbox, clock }) },
    ],
    api: attributesApi,
  };
}
