import { bytesField, idField } from '@boop/identity';
import { z } from 'zod';

/** Vendors, their terminals and keys, and the trail of who did what. */
const nameField = z.string().min(1).max(100);
const instant = z.iso.datetime();

export const vendorSchema = z.strictObject({
  id: idField,
  name: z.string(),
  /** Sector of the pairwise `sub` (OIDC Core section 8.1); never changes. */
  sector: z.string(),
  authenticationsPerMinute: z.number().int(),
  /** Entry of the network's menu; the network's default where missing. */
  operatingPoint: idField.optional(),
  /** Its keys are `sk_test_…` and its contexts never reach a node. */
  sandbox: z.boolean(),
  status: z.enum(['active', 'suspended']),
  createdAt: instant,
});
export type Vendor = z.infer<typeof vendorSchema>;

/** `POST /v1/vendors` */
export const createVendorSchema = z.strictObject({
  id: idField,
  name: nameField,
  sector: z.string().regex(/^[a-z0-9](?:[a-z0-9.-]{0,253}[a-z0-9])?$/),
  authenticationsPerMinute: z.number().int().min(1).max(1_000_000).optional(),
  operatingPoint: idField.optional(),
});
/** `PATCH /v1/vendors/{id}`; `operatingPoint: null` goes back to the network's default. */
export const updateVendorSchema = z
  .strictObject({ name: nameField.optional(), authenticationsPerMinute: z.number().int().min(1).max(1_000_000).optional(), operatingPoint: idField.nullable().optional() })
  .refine((change) => Object.keys(change).length > 0, { message: 'must change something' });
export const vendorsSchema = z.strictObject({ vendors: z.array(vendorSchema), next: z.string().optional() });

/** Persons sign with their account keys and have no API keys; terminals get theirs by pairing. */
export const keyRoles = ['vendor', 'admin', 'auditor', 'attester', 'adjudicator', 'custodian'] as const;

/** What may be told of a key once it was given out. */
export const apiKeySchema = z.strictObject({
  id: idField,
  role: z.enum([...keyRoles, 'terminal']),
  principal: idField,
  name: z.string(),
  createdAt: instant,
  expiresAt: instant.optional(),
});
/** `POST /v1/api-keys`: a vendor gets a further key of its own; an admin says for whom. */
export const createApiKeySchema = z.strictObject({ name: nameField.optional(), role: z.enum(keyRoles).optional(), principal: idField.optional(), expiresInDays: z.number().int().min(1).max(3_650).optional() });
/** The only answer that ever holds the key. */
export const newApiKeySchema = apiKeySchema.extend({ key: z.string() });
export const apiKeysSchema = z.strictObject({ keys: z.array(apiKeySchema), next: z.string().optional() });
/** `POST /v1/api-keys/{id}/rotation`: how long the old key still works. */
export const rotateApiKeySchema = z.strictObject({ overlapSeconds: z.number().int().min(0).max(604_800).optional() });

/** `POST /v1/sandbox/keys`: a sandbox vendor and its key, for anybody. */
export const createSandboxKeySchema = z.strictObject({ name: nameField });
export const sandboxKeySchema = z.strictObject({ vendor: vendorSchema, key: newApiKeySchema });

export const terminalSchema = z.strictObject({ id: idField, vendorId: idField, name: z.string(), deviceKey: z.string(), status: z.enum(['active', 'suspended', 'unpaired']), createdAt: instant });
export type Terminal = z.infer<typeof terminalSchema>;
export const terminalsSchema = z.strictObject({ terminals: z.array(terminalSchema), next: z.string().optional() });

/** What a terminal's device key signs to be paired, as domain-separated canonical bytes. */
export const pairingDomain = 'boop/terminal-pairing/v1';
/**
 * `POST /v1/pairings`, by a terminal that nobody knows yet. It chooses its key `tk_…` itself and tells its SHA-256 only; `signature` is its
 * device key's over (networkId, keyHash).
 */
export const createPairingSchema = z.strictObject({ deviceKey: bytesField(32), keyHash: bytesField(32), signature: bytesField(64) });
/** Eight symbols of Crockford's base 32, as the terminal shows them: `K7QX-2M9D`. */
export const pairingCodeField = z.string().regex(/^[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{4}-?[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{4}$/);
export const newPairingSchema = z.strictObject({ id: idField, code: z.string(), expiresAt: instant });
export const pairingSchema = z.strictObject({ id: idField, status: z.enum(['waiting', 'paired']), terminalId: idField.optional(), vendorId: idField.optional(), expiresAt: instant });
/** `POST /v1/terminals`: the vendor enters the code. */
export const pairTerminalSchema = z.strictObject({ code: pairingCodeField, id: idField.optional(), name: nameField.optional() });

export const auditEntrySchema = z.strictObject({
  id: z.string(),
  at: instant,
  requestId: z.string(),
  role: z.string(),
  /** Missing for a person. */
  principal: z.string().optional(),
  action: z.string(),
  target: z.string().optional(),
  status: z.number().int(),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;
export const auditEntriesSchema = z.strictObject({ entries: z.array(auditEntrySchema), next: z.string().optional() });
