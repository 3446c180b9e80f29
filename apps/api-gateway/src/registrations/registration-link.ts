import { createHash, timingSafeEqual } from 'node:crypto';
import { type Position, type SigningKey } from '@boop/identity';
import { type Principal, type Registration, type RegistrationState, type RegistrationStatus } from '@boop/protocol';
import { BoopError, utf8 } from '@boop/shared';
import { isoTime } from '../domain/events.ts';
import { type RegistrationRecord } from '../domain/registration.ts';

/** So long a link waits to be opened; the session that it opens has its own, shorter time. */
export const linkLifeMs = 24 * 60 * 60_000;

/** An invitation to register palms. Times in milliseconds since the Unix epoch. */
export interface RegistrationLink {
  readonly id: string;
  readonly creator: Principal;
  /** SHA-256 of the secret that opens it. */
  readonly secretHash: Uint8Array;
  readonly positions: readonly Position[];
  readonly locale?: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly openedAtMs?: number;
  /** How it ended without being opened. */
  readonly endedAs?: 'cancelled' | 'expired';
}

/**
 * The secret of a link, 32 bytes as base64url: SHA-256 of a deterministic signature (RFC 8032) that is used for nothing else. So a repeated
 * request gets the same link, and neither the links nor the stored answers hold it.
 */
export const linkSecret = (key: SigningKey, id: string): string => createHash('sha256').update(key.sign('boop-registration-link/1', utf8(id))).digest('base64url');

export const secretHashOf = (secret: string): Uint8Array => new Uint8Array(createHash('sha256').update(secret).digest());

/** @throws BoopError `request.unauthenticated` (wrong secret, or opened before), `context.cancelled`, `context.expired` */
export function assertOpens(link: RegistrationLink, secret: string, nowMs: number): void {
  if (!timingSafeEqual(link.secretHash, secretHashOf(secret)) || link.openedAtMs !== undefined) throw new BoopError('request.unauthenticated', 'there is no such registration session');
  if (link.endedAs === 'cancelled') throw new BoopError('context.cancelled', 'the registration was cancelled');
  if (link.endedAs === 'expired' || nowMs >= link.expiresAtMs) throw new BoopError('context.expired', 'the registration link has expired');
}

const statusOfState = { consent: 'in-progress', samples: 'in-progress', running: 'in-progress', done: 'succeeded', failed: 'failed', cancelled: 'cancelled', expired: 'expired' } as const satisfies Record<RegistrationState, RegistrationStatus>;

/** What the creator sees. @param session of an opened link */
export function linkView(link: RegistrationLink, session: RegistrationRecord | undefined, nowMs: number): Registration {
  const unopened = link.endedAs ?? (nowMs >= link.expiresAtMs ? 'expired' : 'waiting');
  return {
    id: link.id,
    status: session ? statusOfState[session.state] : unopened,
    positions: [...link.positions],
    createdAt: isoTime(link.createdAtMs),
    expiresAt: isoTime((session ?? link).expiresAtMs),
    ...(link.openedAtMs === undefined ? {} : { openedAt: isoTime(link.openedAtMs) }),
    ...(session?.receipt ? { receipt: session.receipt } : {}),
  };
}
