import { type NodeMesh } from '@boop/platform';
import { storageMethods } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { type RecordStorage } from './release-leader.ts';

const timeoutMs = 3_000;

/** The attributes service over the link that it keeps to this node. */
export const meshStorage = (mesh: NodeMesh): RecordStorage => ({
  async open(grants) {
    const [service] = mesh.server.peers().filter(({ role }) => role === 'attributes');
    if (!service) throw new BoopError('attributes.unavailable', 'the attributes service is not connected', { kind: 'unavailable' });
    const answer = storageMethods['record.open'].answer.safeParse(await mesh.server.request(service, 'record.open', { grants }, { timeoutMs }));
    if (!answer.success || answer.data.records.length !== grants.length) throw new BoopError('attributes.unavailable', 'the attributes service answered in an unknown form', { kind: 'unavailable' });
    return answer.data.records;
  },
});
