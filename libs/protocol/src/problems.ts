import { BoopError } from '@boop/shared';

/**
 * The one table of error codes that leave the network, for REST (RFC 9457) and all WebSocket channels. A code is never
 * renamed; `retry` says whether the same person may simply try again.
 */
export const problems = {
  'request.malformed': { status: 400, retry: false, title: 'The request does not have the documented form' },
  'request.unauthenticated': { status: 401, retry: false, title: 'The credential is missing, unknown or expired' },
  'request.forbidden': { status: 403, retry: false, title: 'This credential may not do that' },
  'request.not-found': { status: 404, retry: false, title: 'There is no such resource' },
  'request.conflict': { status: 409, retry: false, title: 'The resource is not in a state that allows this' },
  'request.too-large': { status: 413, retry: false, title: 'The request is larger than allowed' },
  'request.unsupported-media-type': { status: 415, retry: false, title: 'Send application/json' },
  'request.precondition-failed': { status: 412, retry: false, title: 'The resource has changed since it was read' },
  'request.unknown-version': { status: 400, retry: false, title: 'There is no such version of the interface' },
  'request.timeout': { status: 408, retry: true, title: 'The request took too long to arrive' },
  'request.headers-too-large': { status: 431, retry: false, title: 'The headers are larger than allowed' },
  'request.rate-limited': { status: 429, retry: true, title: 'Too many requests' },
  'idempotency.missing': { status: 400, retry: false, title: 'Send an Idempotency-Key' },
  'idempotency.in-flight': { status: 409, retry: true, title: 'A request with this idempotency key is being processed' },
  'idempotency.other-body': { status: 422, retry: false, title: 'This idempotency key was used with another body' },
  'vendor.suspended': { status: 403, retry: false, title: 'The vendor is suspended' },
  'pairing.unknown-code': { status: 404, retry: false, title: 'No terminal waits under this code' },
  'pairing.bad-signature': { status: 422, retry: false, title: 'The pairing is not signed by the device key' },
  'capture.unreadable': { status: 422, retry: true, title: 'The capture is not a readable image' },
  'capture.unsupported-format': { status: 422, retry: false, title: 'The capture has an unsupported format' },
  'capture.too-large': { status: 413, retry: false, title: 'The capture is larger than allowed' },
  'capture.wrong-size': { status: 422, retry: false, title: 'The region of interest must be 128 by 128 pixels' },
  'capture.low-quality': { status: 422, retry: true, title: 'The capture has too little quality' },
  'template.malformed': { status: 422, retry: false, title: 'The template is malformed' },
  'template.unknown-encoder': { status: 422, retry: false, title: 'The template comes from an encoder version that this network does not use' },
  'template.impossible-values': { status: 422, retry: false, title: 'The template holds impossible values' },
  'template.too-few-valid': { status: 422, retry: true, title: 'Too little of the palm is visible' },
  'share.malformed': { status: 422, retry: false, title: 'A share is malformed' },
  'share.wrong-node': { status: 422, retry: false, title: 'A share was sealed to another node' },
  'share.wrong-epoch': { status: 422, retry: true, title: 'A share was sealed for another network or epoch' },
  'share.wrong-session': { status: 422, retry: false, title: 'A share was sealed for another session or purpose' },
  'share.unopenable': { status: 422, retry: false, title: 'A share does not open at its node' },
  'split.altered': { status: 422, retry: false, title: 'The split differs from what the device signed' },
  'split.replayed': { status: 409, retry: false, title: 'This split has had its decision' },
  'split.incomplete': { status: 422, retry: false, title: 'The split does not cover all nodes' },
  'split.invalid-form': { status: 422, retry: false, title: 'The shares are not those of well-formed templates' },
  'liveness.missing': { status: 422, retry: false, title: 'The context asks for a liveness check' },
  'liveness.malformed': { status: 422, retry: false, title: 'The liveness verdict is malformed' },
  'liveness.other-check': { status: 422, retry: false, title: 'The liveness check has not the level that the context asks for' },
  'liveness.bad-signature': { status: 422, retry: false, title: 'The liveness verdict is not signed by a checker of this network' },
  'liveness.other-capture': { status: 422, retry: false, title: 'The liveness verdict is on another capture' },
  'liveness.expired': { status: 422, retry: true, title: 'The liveness verdict is not of now' },
  'liveness.attack': { status: 422, retry: true, title: 'The liveness check took the capture for an attack' },
  'split.gateway-not-allowed': { status: 403, retry: false, title: 'The policy forbids splitting at the gateway' },
  'consent.missing': { status: 422, retry: false, title: 'No consent was given' },
  'consent.invalid': { status: 422, retry: false, title: 'The consent is not valid' },
  'consent.wrong-registration': { status: 422, retry: false, title: 'The consent was given for another registration' },
  'consent.revoked': { status: 409, retry: false, title: 'The consent was withdrawn' },
  'grant.wrong-network': { status: 422, retry: false, title: 'The consent is for another network' },
  'grant.malformed': { status: 422, retry: false, title: 'The consent has no time or names something twice' },
  'grant.unknown-text': { status: 422, retry: false, title: 'The consent names a text that this network does not use' },
  'grant.stale': { status: 422, retry: true, title: 'The consent was signed too long ago' },
  'grant.not-next': { status: 409, retry: false, title: 'The consent does not follow the one that it would replace' },
  'revocation.wrong-network': { status: 422, retry: false, title: 'The withdrawal is for another network' },
  'revocation.wrong-consent': { status: 422, retry: false, title: 'The withdrawal is of another consent' },
  'credential.wrong-network': { status: 422, retry: false, title: 'The request is for another network' },
  'credential.malformed': { status: 422, retry: false, title: 'The request has no time, too long a time, or names an attribute twice' },
  'credential.stale-request': { status: 422, retry: true, title: 'The request was signed too long ago' },
  'credential.unknown-attribute': { status: 404, retry: false, title: 'An attribute is not there in this version' },
  'credential.expired-attribute': { status: 410, retry: false, title: 'An attribute is not valid now' },
  'credential.unknown': { status: 404, retry: false, title: 'There is no such credential of this account' },
  'credential.revoked': { status: 409, retry: false, title: 'The credential was revoked' },
  'credential.stale-change': { status: 409, retry: false, title: 'The status was changed later already' },
  'erasure.time': { status: 422, retry: true, title: 'The erasure comes from the future' },
  'erasure.not-due': { status: 422, retry: false, title: 'No registration ends so, or not yet' },
  'erasure.wrong-network': { status: 422, retry: false, title: 'The erasure is for another network' },
  'owner.bad-signature': { status: 403, retry: false, title: 'The document is not signed by the account that it names' },
  'passkey.invalid': { status: 403, retry: false, title: 'The passkey does not stand for this account and document' },
  'attributes.unavailable': { status: 503, retry: true, title: 'The attributes service is not reachable' },
  'context.expired': { status: 410, retry: false, title: 'The context has expired' },
  'context.cancelled': { status: 409, retry: false, title: 'The context was cancelled' },
  'context.decided': { status: 409, retry: false, title: 'The context has its decision' },
  'attempts.delayed': { status: 429, retry: true, title: 'Wait after a failed attempt' },
  'attempts.exhausted': { status: 403, retry: false, title: 'Too many failed attempts; authenticate another way' },
  'context.invalid': { status: 422, retry: false, title: 'The context is not valid for this network' },
  'subject.malformed-order': { status: 422, retry: false, title: 'Not an order about a person' },
  'subject.wrong-network': { status: 422, retry: false, title: 'The order is for another network' },
  'subject.time': { status: 422, retry: true, title: 'The order comes from the future' },
  'subject.superseded': { status: 409, retry: false, title: 'A newer order stands' },
  'custodians.bad-signatures': { status: 403, retry: false, title: 'The document is not signed by enough custodians' },
  'subject.unknown': { status: 404, retry: false, title: 'Nothing is registered under this account' },
  'registration.duplicate': { status: 409, retry: false, title: 'This palm is registered already' },
  'registration.samples-disagree': { status: 422, retry: true, title: 'The samples are not of the same palm' },
  'registration.nothing-to-renew': { status: 409, retry: false, title: 'This account has no such registration of these palms' },
  'registration.not-recognised': { status: 422, retry: true, title: 'The palms are not those that are registered' },
  'registration.incomplete': { status: 422, retry: false, title: 'Samples are missing' },
  'mpc.nodes-unavailable': { status: 503, retry: true, title: 'Too few nodes are up' },
  'mpc.aborted': { status: 503, retry: true, title: 'The nodes broke off; capture again' },
  'log.pending': { status: 202, retry: true, title: 'The entry is not under a checkpoint yet' },
  'log.unavailable': { status: 503, retry: true, title: 'The log is not reachable' },
  'log.unauthorized': { status: 403, retry: false, title: 'Too few vouch for the entry' },
  'mutation.malformed': { status: 422, retry: false, title: 'The mutation is malformed' },
  'mutation.wrong-index': { status: 422, retry: false, title: 'The mutation is for another index of the map' },
  'mutation.bad-signature': { status: 422, retry: false, title: "The mutation's signature is not valid" },
  'mutation.wrong-key': { status: 403, retry: false, title: 'The key may not change this account' },
  'mutation.wrong-previous': { status: 409, retry: false, title: 'The mutation does not follow the newest one of its account' },
  'mutation.wrong-version': { status: 409, retry: false, title: 'The mutation is not of the next version of its account' },
  'map.commitment-invalid': { status: 422, retry: false, title: 'The opening is not that of the commitment' },
  'attribute.invalid-value': { status: 422, retry: false, title: 'The value does not fit the attribute' },
  'attribute.unknown': { status: 404, retry: false, title: 'No such attribute is defined' },
  'attribute.defined': { status: 409, retry: false, title: 'An attribute of that name is defined' },
  'attribute.bad-expression': { status: 422, retry: false, title: 'The expression does not suit the attribute' },
  'expression.syntax': { status: 422, retry: false, title: 'The expression is not well-formed' },
  'expression.too-long': { status: 422, retry: false, title: 'The expression is too long' },
  'expression.too-large': { status: 422, retry: false, title: 'The expression is too large' },
  'attribute.wrong-kind': { status: 422, retry: false, title: 'The attribute is of another kind' },
  'attribute.wrong-network': { status: 422, retry: false, title: 'The attribute is of another network' },
  'attribute.wrong-person': { status: 422, retry: false, title: 'The attribute is of another person, name or version' },
  'attribute.malformed': { status: 422, retry: false, title: 'The attribute does not have the documented form' },
  'attribute.bad-attestation': { status: 422, retry: false, title: 'The attestation is not valid' },
  'attribute.unknown-issuer': { status: 403, retry: false, title: 'The issuer is not accredited for this attribute' },
  'attribute.expired': { status: 410, retry: false, title: 'The attribute has expired' },
  'attribute.missing': { status: 404, retry: false, title: 'There is no such attribute of this person' },
  'attribute.version-written': { status: 409, retry: false, title: 'This version is written already' },
  'attribute.too-many': { status: 409, retry: false, title: 'The person has as many attributes as the network allows' },
  'attribute.tampered': { status: 500, retry: false, title: 'The stored value is not the one that was written' },
  'consent.wrong-vendor': { status: 403, retry: false, title: 'The consent is for another vendor' },
  'consent.wrong-recipient': { status: 403, retry: false, title: 'The consent names another key' },
  'consent.wrong-purpose': { status: 403, retry: false, title: 'The consent is for another purpose' },
  'consent.wrong-attribute': { status: 403, retry: false, title: 'The consent does not cover this attribute' },
  'consent.wrong-palm': { status: 403, retry: false, title: 'The consent is for the other palm' },
  'consent.not-yet-valid': { status: 403, retry: false, title: 'The consent is not valid yet' },
  'consent.expired': { status: 410, retry: false, title: 'The consent has expired' },
  'release.unknown-account': { status: 404, retry: false, title: 'No registration belongs to this account' },
  'release.unknown-consent': { status: 403, retry: false, title: 'There is no such consent' },
  'release.revoked': { status: 403, retry: false, title: 'The consent was revoked' },
  'release.replayed': { status: 409, retry: false, title: 'This request was answered before' },
  'release.stale-request': { status: 410, retry: false, title: 'The request has expired' },
  'release.stale-authentication': { status: 410, retry: false, title: 'The authentication is too old' },
  'release.stale-view': { status: 503, retry: true, title: 'A node has not heard of consents for two seconds' },
  'release.wrong-network': { status: 422, retry: false, title: 'The request is for another network' },
  'release.not-granted': { status: 403, retry: false, title: 'Too few nodes grant this release' },
  'feed.unacknowledged': { status: 503, retry: true, title: 'Too few nodes have confirmed yet; it will be told them again' },
  'gateway.unavailable': { status: 503, retry: true, title: 'The gateway is not reachable' },
  'service.overloaded': { status: 503, retry: true, title: 'The service is overloaded' },
  'service.unavailable': { status: 503, retry: true, title: 'The service can not reach what it needs right now' },
  'service.internal': { status: 500, retry: true, title: 'Something went wrong here' },
} as const satisfies Record<string, { status: number; retry: boolean; title: string }>;

export type ProblemCode = keyof typeof problems;
export const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(problems, code);

/** RFC 9457 problem document. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail?: string;
  readonly requestId?: string;
  readonly retryAllowed: boolean;
  /** JSON pointers of the fields that were refused, with reasons; never their values. */
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

/** Maps any error to what may leave the process: known codes with their message, anything else as `service.internal`. */
export function problemOf(error: unknown, requestId?: string): Problem {
  const known = error instanceof BoopError && isProblemCode(error.code) ? error : undefined;
  const code: ProblemCode = known ? (known.code as ProblemCode) : unavailableCode(error);
  const { status, retry, title } = problems[code];
  return {
    type: `https://boop.network/problems/${code}`,
    title,
    status,
    code,
    ...(known ? { detail: known.message } : {}),
    ...(requestId === undefined ? {} : { requestId }),
    retryAllowed: retry,
  };
}

/** Faults among the nodes show as one of two codes, whatever broke inside. */
function unavailableCode(error: unknown): ProblemCode {
  if (!(error instanceof BoopError)) return 'service.internal';
  if (error.kind === 'unavailable') return 'mpc.nodes-unavailable';
  return error.kind === 'peer' ? 'mpc.aborted' : 'service.internal';
}
