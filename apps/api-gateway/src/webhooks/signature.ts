import { createHash, createHmac } from 'node:crypto';
import { type SigningKey } from '@boop/identity';
import { utf8 } from '@boop/shared';

const prefix = 'whsec_';

/**
 * The secret of an endpoint, `whsec_` and 32 bytes as base64: SHA-256 of a deterministic signature (RFC 8032) that is used for nothing else.
 * Every replica derives the same one, and the database holds none.
 */
export function endpointSecret(key: SigningKey, endpointId: string, number: number): string {
  const signature = key.sign('boop-webhook-secret/1', utf8(endpointId), utf8(String(number)));
  return prefix + createHash('sha256').update(signature).digest('base64');
}

/** Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, one `v1` signature a secret, separated by spaces. @param timestamp seconds */
export function signWebhook(secrets: readonly string[], id: string, timestamp: number, body: string): string {
  const content = `${id}.${timestamp}.${body}`;
  return secrets.map((secret) => `v1,${createHmac('sha256', Buffer.from(secret.slice(prefix.length), 'base64')).update(content).digest('base64')}`).join(' ');
}
