import { type Member } from '@boop/protocol';

/**
 * Whether two manifests name one node in a place. A node that rotates a key keeps the other one; who comes in a custodian's place brings both. Whoever changes
 * both at once counts as another node.
 */
export const isSameNode = (before: Pick<Member, 'identityKey' | 'hpkeKey'>, after: Pick<Member, 'identityKey' | 'hpkeKey'>): boolean =>
  before.identityKey === after.identityKey || before.hpkeKey === after.hpkeKey;
