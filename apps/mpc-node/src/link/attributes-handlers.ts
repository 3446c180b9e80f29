import { type attributeNodeMethods, type credentialNodeMethods } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { serializeGroupKey } from '@boop/threshold';
import { type AttributeRelease } from '../release/assemble-release.ts';
import { type KeyRing } from '../signing/key-ring.ts';
import { groupKeyNameSchema } from './peer-methods.ts';
import { type TableHandlers } from './router.ts';

export type AttributesHandlers = TableHandlers<typeof attributeNodeMethods & typeof credentialNodeMethods>;

/** attributes → node */
export function attributesHandlers({ release, ring }: { release: AttributeRelease; ring: KeyRing }): AttributesHandlers {
  return {
    'feed.heartbeat': async (body) => release.feed.heartbeat(body),
    'feed.apply': async (body) => await release.feed.apply(body),
    'record.evaluate': async ({ request }) => await release.releases.evaluate(request),
    'credential.commit': async (body) => release.credentials.commit(body),
    'credential.sign': async (body) => release.credentials.sign(body),
    'keys.get': async ({ name }) => {
      const known = groupKeyNameSchema.safeParse(name);
      if (!known.success) throw new BoopError('keys.missing', 'the nodes have no such group key', { kind: 'unavailable' });
      return { key: serializeGroupKey(ring.get(known.data).group) };
    },
  };
}
