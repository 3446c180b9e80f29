import { createHash } from 'node:crypto';
import { separated } from '@boop/identity';
import { type Statistic } from '@boop/mpc';
import { fromBase64Url, lengthPrefixed, uint32, utf8 } from '@boop/shared';
import { type RunRequest } from '../link/peer-methods.ts';
import { type Session } from '../sessions/session.ts';

/**
 * Names everything that decides what a run compares: session and split, operation, rows and the gallery's head, the registration that is
 * to be replaced, θ, encoder and shifts. Holders that differ in any of it send each other no share.
 */
export function runSubject({ view, head, renewed }: Session, { operation, row }: Pick<RunRequest, 'operation' | 'row'>, { id, shifts }: Statistic): Uint8Array {
  const { sessionId, splitHash, theta } = view;
  const hashes = [sessionId, splitHash, head.digest, ...(renewed ? [renewed.splitHash] : [])].map(fromBase64Url);
  const numbers = [head.rows, row === undefined ? 0 : row + 1, theta, shifts.length].map((value) => uint32(value >>> 0));
  return new Uint8Array(createHash('sha256').update(separated('boop-run-subject/1', lengthPrefixed(...hashes, utf8(operation), utf8(id), ...numbers))).digest());
}
