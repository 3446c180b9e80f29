import { type Consent } from '@boop/protocol';
import { type ConsentState, type StoredConsent } from './consent-store.ts';

/** A consent as its owner sees it at `now`, seconds. */
export function consentView({ consentId, state, grant, revokedAtS, logEntry }: StoredConsent, now: number): Consent {
  const over = now >= grant.record.expiresAt && (state === 'pending' || state === 'active');
  return { consentId, status: over ? 'expired' : state, grant, ...(revokedAtS === undefined ? {} : { revokedAt: revokedAtS }), logEntry };
}

/** What to ask the store for when only consents of one status are wanted. */
export function pageOfStatus(status: Consent['status'] | undefined, now: number): { states?: readonly ConsentState[]; expired?: { now: number; is: boolean } } {
  if (status === undefined) return {};
  if (status === 'expired') return { states: ['pending', 'active'], expired: { now, is: true } };
  return { states: [status], ...(status === 'revoked' || status === 'revoking' ? {} : { expired: { now, is: false } }) };
}
