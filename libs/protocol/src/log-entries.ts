import { sha256 } from '@noble/hashes/sha2.js';
import { bytesField, idField, secondsField, separated } from '@boop/identity';
import { BoopError, canonicalJson, fromUtf8, toBase64Url } from '@boop/shared';
import { z } from 'zod';

const common = { v: z.literal(1), networkId: idField, epoch: z.number().int().positive(), time: secondsField };
const positive = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

/** Everything that may stand in the log. No personal data: hashes and decisions only. */
export const logEntrySchema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...common,
    kind: z.literal('authentication'),
    session: bytesField(32),
    decision: z.enum(['accepted', 'rejected']),
    verified: z.boolean(),
    /** SHA-256 of the token's JWS signing input; present when accepted. */
    token: bytesField(32).optional(),
  }),
  z.strictObject({
    ...common,
    /** `re-enrolment` of a person who stays who they were; of whom, or in place of what, stands nowhere here. */
    kind: z.enum(['registration', 're-enrolment']),
    session: bytesField(32),
    /** SHA-256 of the signed consent. */
    consent: bytesField(32),
    /** SHA-256 over the split that was enrolled. */
    split: bytesField(32),
    verified: z.boolean(),
  }),
  z.strictObject({ ...common, kind: z.literal('group-keys'), keys: z.array(z.strictObject({ name: idField, suite: z.string().max(64), signers: z.number().int(), publicKey: z.string().max(64) })).max(16) }),
  z.strictObject({
    ...common,
    kind: z.literal('consent'),
    /** SHA-256 of the signed consent, which names its text's version and hash, its purposes and the account key; none of these stand here. */
    consent: bytesField(32),
    action: z.enum(['given', 'changed', 'withdrawn']),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('attributes'),
    /** Hiding commitment to the new values (HMAC-SHA256 with an opening that can be deleted). */
    commitment: bytesField(32),
    action: z.enum(['set', 'verified', 'removed']),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('transfers'),
    /** Batches are numbered from 1 without gaps. */
    batch: positive,
    count: positive,
    /** RFC 6962 tree root over the transfers of the batch in their order. */
    root: bytesField(32),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('balances'),
    revision: positive,
    /** Hash of a commitment to all balances, which sum to zero in each asset (`balancesCommitmentHash` of `@boop/accounts`). */
    commitment: bytesField(32),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('epoch'),
    from: positive,
    to: positive,
    /** SHA-256 of the canonical manifest of the new epoch. */
    manifest: bytesField(32),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('manifest-proposal'),
    /** Digests of the proposal and of its manifest. */
    proposal: bytesField(32),
    manifest: bytesField(32),
    to: positive,
  }),
  z.strictObject({
    ...common,
    kind: z.literal('manifest-vote'),
    proposal: bytesField(32),
    party: z.number().int().min(1).max(255),
    decision: z.enum(['approve', 'reject']),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('configuration'),
    component: idField,
    /** SHA-256 of the configuration, secrets left out; `previous` is absent the first time. */
    digest: bytesField(32),
    previous: bytesField(32).optional(),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('erasure'),
    scope: z.enum(['openings', 'templates', 'attributes']),
    /** SHA-256 of the receipt that the person got. */
    receipt: bytesField(32),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('suspension'),
    action: z.enum(['suspend', 'resume']),
    /** SHA-256 of the receipt of whoever ordered it. */
    receipt: bytesField(32),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('attestation'),
    component: idField,
    /** Digest of what runs, and SHA-256 of the statement that says so. */
    digest: bytesField(32),
    statement: bytesField(32),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('map-revision'),
    revision: positive,
    previousRoot: bytesField(32),
    root: bytesField(32),
    /** Leaf index of the record of the revision before. */
    previousEntry: z.number().int().min(0).nullable(),
    mutations: z.strictObject({ count: z.number().int().min(0).max(4096), root: bytesField(32) }),
    vrfKey: bytesField(32),
    balances: bytesField(32).optional(),
  }),
]);
export type LogEntry = z.infer<typeof logEntrySchema>;
export type RegistrationEntry = Extract<LogEntry, { readonly split: string }>;

/**
 * Who must stand behind an entry of each kind: t+1 nodes that saw the event; the gateway alone, for what only records its own doing; or
 * the ledger itself, which takes such entries from nobody.
 */
export const entryVoucher = {
  authentication: 'nodes',
  registration: 'nodes',
  're-enrolment': 'nodes',
  'group-keys': 'nodes',
  epoch: 'nodes',
  'manifest-proposal': 'nodes',
  'manifest-vote': 'nodes',
  erasure: 'nodes',
  suspension: 'nodes',
  consent: 'gateway',
  attributes: 'gateway',
  configuration: 'gateway',
  attestation: 'gateway',
  transfers: 'ledger',
  balances: 'ledger',
  'map-revision': 'ledger',
} as const satisfies Record<LogEntry['kind'], 'nodes' | 'gateway' | 'ledger'>;

/** Of either kind. */
export const isRegistrationEntry = (entry: LogEntry): entry is RegistrationEntry => entry.kind === 'registration' || entry.kind === 're-enrolment';

/** Canonical bytes of an entry: what the log hashes and what nodes sign. */
export const logEntryBytes = (entry: LogEntry): Uint8Array => canonicalJson(entry);

/**
 * The entry `consent` that goes with a registration: hash and time are those that t+1 nodes vouched for, so the same registration always gives
 * the same bytes, and whoever holds its receipt can ask for this entry's proof.
 */
export function consentEntryOf({ v, networkId, epoch, time, consent }: RegistrationEntry): Uint8Array {
  return logEntryBytes({ v, networkId, epoch, time, kind: 'consent', consent, action: 'given' });
}

/** Names an entry in APIs: SHA-256 of its bytes, base64url. */
export const logEntryHash = (bytes: Uint8Array): string => toBase64Url(sha256(bytes));

/**
 * @throws BoopError `log.malformed-entry` for anything but the canonical bytes of a known kind
 */
export function parseLogEntry(bytes: Uint8Array): LogEntry {
  let entry: LogEntry;
  try {
    entry = logEntrySchema.parse(JSON.parse(fromUtf8(bytes)));
  } catch {
    throw new BoopError('log.malformed-entry', 'not an entry of this log');
  }
  if (logEntryHash(logEntryBytes(entry)) !== logEntryHash(bytes)) throw new BoopError('log.malformed-entry', 'the entry is not canonical');
  return entry;
}

/** A node's word that it saw the event; t+1 of them make an entry admissible, and stand for it until a checkpoint includes it. */
export const entryReceiptSchema = z.strictObject({ party: z.number().int().min(1).max(255), signature: bytesField(64) });
export type EntryReceipt = z.infer<typeof entryReceiptSchema>;

export const entryReceiptBytes = (entry: Uint8Array): Uint8Array => separated('boop-log-entry/1', entry);

/** Offline-checkable inclusion of an entry under a signed checkpoint (RFC 9162 section 2.1.3, C2SP tlog-checkpoint). */
export const logProofSchema = z.strictObject({
  entry: z.string().max(90_000),
  leafIndex: z.number().int().min(0),
  treeSize: z.number().int().min(1),
  inclusion: z.array(bytesField(32)).max(64),
  checkpoint: z.string().max(10_000),
});
export type LogProof = z.infer<typeof logProofSchema>;
