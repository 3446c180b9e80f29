import { createHash } from 'node:crypto';
import { canonicalJson } from '@boop/shared';

/** Strong validator (RFC 9110 section 8.8.3) over what the client sees. */
export const etagOf = (view: unknown): string => `"${createHash('sha256').update(canonicalJson(view)).digest('base64url').slice(0, 22)}"`;
