import { type CreateAuthentication, type NetworkManifest } from '@boop/protocol';
import { InvalidRequest } from './invalid-request.ts';

/** A context that asks for more than any check of this network has could end in nothing but a refusal. @throws InvalidRequest */
export function assertLivenessOffered({ livenessChecks = [] }: Pick<NetworkManifest, 'livenessChecks'>, policy: CreateAuthentication['policy']): void {
  const level = policy?.livenessLevel ?? 0;
  if (level > 0 && !livenessChecks.some((check) => check.level >= level)) throw new InvalidRequest([{ pointer: '/policy/livenessLevel', detail: 'no check of this network has that level' }]);
}
