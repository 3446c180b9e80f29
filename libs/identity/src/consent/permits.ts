import { BoopError } from '@boop/shared';
import { type Position } from '../context.ts';
import { type ConsentGrant } from './grant.ts';

/** One release as somebody asks for it. */
export interface CoveredRelease {
  readonly vendorId: string;
  /** The key to which it would be sealed, 32 bytes, base64url. */
  readonly recipientKey: string;
  readonly purpose: string;
  readonly attribute: string;
  /** The palm that was shown; absent when the owner's device asks for the release. */
  readonly position?: Position;
  /** Seconds. */
  readonly now: number;
}

export type ConsentRefusal = 'consent.wrong-vendor' | 'consent.wrong-recipient' | 'consent.wrong-purpose' | 'consent.wrong-attribute' | 'consent.wrong-palm' | 'consent.not-yet-valid' | 'consent.expired';

/** Why a grant does not cover a request, or undefined when it does. Whether the grant was revoked is for whoever keeps the view of consents. */
export function refusalOf(grant: ConsentGrant, request: CoveredRelease): ConsentRefusal | undefined {
  if (grant.vendorId !== request.vendorId) return 'consent.wrong-vendor';
  if (grant.recipientKey !== request.recipientKey) return 'consent.wrong-recipient';
  if (grant.purpose !== request.purpose) return 'consent.wrong-purpose';
  const attribute = grant.attributes.find(({ name }) => name === request.attribute);
  if (!attribute) return 'consent.wrong-attribute';
  if (request.position !== undefined && !attribute.positions.includes(request.position)) return 'consent.wrong-palm';
  if (request.now < grant.validFrom) return 'consent.not-yet-valid';
  return request.now < grant.expiresAt ? undefined : 'consent.expired';
}

export const permits = (grant: ConsentGrant, request: CoveredRelease): boolean => refusalOf(grant, request) === undefined;

/** @throws BoopError with the {@link ConsentRefusal} as its code */
export function requirePermitted(grant: ConsentGrant, request: CoveredRelease): void {
  const refusal = refusalOf(grant, request);
  if (refusal) throw new BoopError(refusal, 'the consent does not cover this release');
}
