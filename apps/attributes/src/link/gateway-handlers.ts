import { personIdOf } from '@boop/identity';
import { attributesMethods } from '@boop/protocol';
import { type AttributeService, ciphertextOf } from '../attributes/attribute-service.ts';
import { type RegistryStore } from '../attributes/registry-store.ts';
import { type GroupKeys } from '../nodes/group-keys.ts';
import { type ReleaseLog } from '../releases/release-log.ts';
import { checked, type MethodHandlers } from './method-table.ts';

/** What the gateway may ask about attributes. */
export function attributeHandlers(services: { networkId: string; attributes: AttributeService; registry: RegistryStore; releases: ReleaseLog; keys: GroupKeys }): MethodHandlers {
  const { networkId, attributes, registry, releases, keys } = services;
  return checked(attributesMethods, {
    'registry.get': async () => {
      const { definitions, issuers } = await registry.read();
      return { definitions: [...definitions], issuers: [...issuers] };
    },
    'registry.define': async (definition) => {
      await registry.define(definition);
      return {};
    },
    'registry.accredit': async (issuer) => {
      await registry.accredit(issuer);
      return {};
    },
    'attributes.key': async () => ({ key: await keys.get('attributes') }),
    'record.next': async ({ accountKey, attribute }) => ({ version: await attributes.nextVersion(accountKey, attribute) }),
    'record.key': async ({ request, exclude }) => ({ partials: await attributes.key(request, exclude ?? []) }),
    'record.put': async ({ attribute, ciphertext }) => await attributes.put(attribute, ciphertextOf(ciphertext)),
    'record.list': async ({ accountKey }) => ({ attributes: await attributes.list(accountKey) }),
    'record.read': async ({ request, exclude }) => ({ record: await attributes.read(request, exclude ?? []) }),
    'record.release': async ({ request, exclude }) => ({ sealed: await attributes.release(request, exclude ?? []) }),
    'release.log': async ({ accountKey, before, limit }) => ({ releases: await releases.of(personIdOf(networkId, accountKey), { before, limit }) }),
  });
}
