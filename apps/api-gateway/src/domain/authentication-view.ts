import { type Authentication, type CreateAuthentication, occasionFields } from '@boop/protocol';
import { type AuthenticationRecord, isDue } from './authentication-record.ts';
import { isoTime } from './events.ts';

/** The resource as its vendor sees it; a context past its time reads as expired even before the job came by. */
export function viewOf(record: AuthenticationRecord, nowMs: number): Authentication {
  const { id, context, sessionId, link, outcome, payment, result } = record;
  return {
    id,
    status: isDue(record, nowMs) ? 'expired' : record.status,
    type: context.type,
    ...(context.nonce === undefined ? {} : { nonce: context.nonce }),
    sessionId,
    ...(context.terminalId === undefined ? {} : { terminalId: context.terminalId }),
    ...(context.amount === undefined ? {} : { amount: context.amount }),
    ...(context.currency === undefined ? {} : { currency: context.currency }),
    ...occasionOf(record.request),
    createdAt: isoTime(record.createdAtMs),
    expiresAt: isoTime(record.expiresAtMs),
    link,
    ...(outcome ? { outcome } : {}),
    ...(payment ? { payment } : {}),
    ...(result ? { result } : {}),
  };
}

/** Echoes what the vendor told of the occasion. */
function occasionOf(request: CreateAuthentication): Partial<Pick<Authentication, keyof typeof occasionFields>> {
  const given = Object.keys(occasionFields).map((name) => [name, request[name as keyof typeof occasionFields]] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/** A terminal learns the decision; the token, the money and what the person lacks are the vendor's alone. */
export function terminalViewOf(record: AuthenticationRecord, nowMs: number): Authentication {
  const view = { ...withoutToken(viewOf(record, nowMs)) };
  delete view.payment;
  if (view.outcome) {
    view.outcome = { ...view.outcome };
    delete view.outcome.missing;
  }
  return view;
}

export function withoutToken(view: Authentication): Authentication {
  if (!view.result) return view;
  const result = { ...view.result };
  delete result.idToken;
  delete result.attributes;
  return { ...view, result };
}
