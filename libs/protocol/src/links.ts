import { authenticationContextSchema, bytesField, idField, positionSchema, registrationContextSchema, sealedSchema, signedConsentSchema } from '@boop/identity';
import { z } from 'zod';
import { captureFailureSchema, createAuthenticationSchema, probeSchema } from './rest.ts';
import { pvsConfigurationSchema, pvsDocumentSchema, qualitySchema } from './channels.ts';
import { entryReceiptSchema, logProofSchema } from './log-entries.ts';
import { manifestChainSchema } from './governance-chain.ts';
import { networkManifestSchema } from './manifest.ts';
import { missingAttributesSchema } from './missing-attributes.ts';
import { signedPalmErasureSchema } from './palm-erasure.ts';
import { sealedSplitSchema } from './split.ts';
import { subjectNodeMethods } from './subjects.ts';

/**
 * Requests between services over framed mTLS, one table a link: method → schemas of body and answer. Requests among nodes
 * are the node's own matter (apps/mpc-node).
 */
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, { message: 'must be bytes' });
const party = z.number().int().min(1).max(255);
const groupKey = z.strictObject({ name: idField, suite: z.string(), signers: z.number().int(), publicKey: z.string() });

const authenticationAnswer = z.strictObject({
  accepted: z.boolean(),
  /** `unverified`: it matched, but no second committee was left and the context's policy refuses that. */
  reason: z.enum(['ok', 'no-match', 'unverified', 'user-missing-attributes', 'vendor-not-consented']),
  verified: z.boolean(),
  idToken: z.string().optional(),
  /** Consented attributes, sealed to the vendor. */
  released: sealedSchema.optional(),
  /** With `user-missing-attributes` only, and absent where the nodes' lists differ. */
  missing: missingAttributesSchema.optional(),
  entry: bytes,
  receipts: z.array(entryReceiptSchema),
  /** Milliseconds by stage, for metrics. */
  stages: z.record(z.string(), z.number()),
});

/** gateway → node; the node that is asked leads the session. */
export const nodeMethods = {
  'node.status': {
    body: z.strictObject({}),
    answer: z.strictObject({ party, epoch: z.number().int(), ready: z.boolean(), live: z.array(party), galleryRows: z.number().int(), correlations: z.number().int(), uptimeSeconds: z.number(), groupKeys: z.array(groupKey), /** The node's clock. */ timeMs: z.number().optional() }),
  },
  'authentication.run': { body: z.strictObject({ context: authenticationContextSchema, split: sealedSplitSchema }), answer: authenticationAnswer },
  /** As `authentication.run`, but an accepted session is held for some seconds before anything is signed. */
  'authentication.match': {
    body: z.strictObject({ context: authenticationContextSchema, split: sealedSplitSchema }),
    answer: z.union([authenticationAnswer, z.strictObject({ held: z.strictObject({ /** Pairwise, as the token will say. */ sub: z.string(), verified: z.boolean() }) })]),
  },
  /** Ends a held session, once: signs, or drops it unsigned. */
  'authentication.sign': {
    body: z.strictObject({ session: bytesField(32), sign: z.boolean() }),
    answer: z.union([authenticationAnswer, z.strictObject({ dropped: z.literal(true) })]),
  },
  /**
   * The manifest of the epoch that this node serves, and entries of the log about changes of epoch that it has led, with the receipts of those who stand
   * behind them; appending one again changes nothing.
   */
  'epoch.current': {
    body: z.strictObject({}),
    answer: z.strictObject({ manifest: networkManifestSchema, entries: z.array(z.strictObject({ entry: bytes, receipts: z.array(entryReceiptSchema).max(7) })).max(64) }),
  },
  /** All nodes delete the shares of a person's palms; those in `pending` do so when they come back. */
  'subject.erase': {
    body: z.strictObject({ request: signedPalmErasureSchema }),
    answer: z.strictObject({ entry: bytes, receipts: z.array(entryReceiptSchema), pending: z.array(party) }),
  },
  ...subjectNodeMethods,
  'registration.run': {
    body: z.strictObject({ context: registrationContextSchema, consent: signedConsentSchema, split: sealedSplitSchema }),
    answer: z.strictObject({ verified: z.boolean(), entry: bytes, receipts: z.array(entryReceiptSchema), stages: z.record(z.string(), z.number()) }),
  },
  /** What this node knows of the registration of a session, for whoever has lost the answer. */
  'registration.find': {
    body: z.strictObject({ session: bytesField(32) }),
    answer: z.discriminatedUnion('state', [
      z.strictObject({ state: z.literal('none') }),
      /** This node leads it, or holds it and has yet to hear whether all do. */
      z.strictObject({ state: z.literal('open') }),
      z.strictObject({ state: z.literal('stored'), verified: z.boolean(), entry: bytes, receipt: entryReceiptSchema }),
    ]),
  },
} as const;

/** gateway, ledger, attributes → node: the manifests that came into force from an epoch on, each proven by the one before. */
export const manifestMethods = {
  'manifest.chain': { body: z.strictObject({ from: z.number().int().positive() }), answer: manifestChainSchema },
} as const;

/** ledger → node: FROST over a checkpoint's note text, in two rounds. */
export const checkpointMethods = {
  'checkpoint.commit': {
    /** Consistency from the last size that this node signed is checked before a nonce is given. */
    body: z.strictObject({ origin: z.string(), size: z.number().int().min(0), root: bytes, fromSize: z.number().int().min(0), consistency: z.array(bytes).max(128) }),
    answer: z.strictObject({ party, attempt: bytes, commitment: bytes }),
  },
  'checkpoint.sign': {
    body: z.strictObject({ attempt: bytes, commitments: z.array(z.strictObject({ party, commitment: bytes })).max(7) }),
    answer: z.strictObject({ party, share: bytes }),
  },
  /**
   * The last (size, root) that this node signed, so that a ledger knows from where to prove consistency, and how far the node has read on
   * from there: what it has not read it doesn't sign.
   */
  'checkpoint.head': { body: z.strictObject({}), answer: z.strictObject({ size: z.number().int().min(0), root: bytes, read: z.number().int().min(0) }) },
  /**
   * The entries from `from` on, for the node to read before it signs. `frontier` are the roots of the perfect subtrees of the first
   * `from` entries, largest first; `transitions` belong to the map revisions among the entries, in their order.
   */
  'checkpoint.read': {
    body: z.strictObject({ origin: z.string(), from: z.number().int().min(0), frontier: z.array(bytes).max(64), entries: z.array(bytes).max(4_096), transitions: z.array(bytes).max(64) }),
    answer: z.strictObject({ read: z.number().int().min(0) }),
  },
  /** A node's own cosignature (C2SP tlog-cosignature) of the checkpoint that it signed last: FROST hides who signed. */
  'checkpoint.cosign': { body: z.strictObject({ origin: z.string(), size: z.number().int().min(0), root: bytes }), answer: z.strictObject({ party, timeS: z.number().int().min(0), signature: bytes }) },
  'keys.get': { body: z.strictObject({ name: idField }), answer: z.strictObject({ key: bytes }) },
} as const;

/** gateway → ledger */
export const ledgerMethods = {
  'log.append': { body: z.strictObject({ entry: bytes, receipts: z.array(entryReceiptSchema).max(7) }), answer: z.strictObject({ entryHash: z.string(), leafIndex: z.number().int() }) },
  /** `log.pending` until a signed checkpoint includes the entry. */
  'log.proof': { body: z.strictObject({ entryHash: z.string() }), answer: z.strictObject({ proof: logProofSchema }) },
  'log.key': { body: z.strictObject({}), answer: z.strictObject({ origin: z.string(), verifierKey: z.string() }) },
  /**
   * Deletes what the commitments of an account open to, all versions; commitments and proofs stay. An entry of kind `erasure` says that it
   * was done; its `receipt` is SHA-256 of the bytes answered here. May be repeated.
   */
  'map.erase': { body: z.strictObject({ label: bytes }), answer: z.strictObject({ openings: z.number().int().min(0), receipt: bytes, leafIndex: z.number().int().min(0) }) },
} as const;

export const principalSchema = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('vendor'), id: idField }),
  z.strictObject({ role: z.literal('terminal'), id: idField }),
  z.strictObject({ role: z.literal('admin'), id: idField }),
  /** Reads what an admin reads, and changes nothing. */
  z.strictObject({ role: z.literal('auditor'), id: idField }),
  /** The owner of an account; `id` is its account key, base64url. */
  z.strictObject({ role: z.literal('person'), id: bytesField(32) }),
  /** Issues verified attributes. */
  z.strictObject({ role: z.literal('attester'), id: idField }),
  /** Decides disputes. */
  z.strictObject({ role: z.literal('adjudicator'), id: idField }),
  /** Holds keys and runs ceremonies. */
  z.strictObject({ role: z.literal('custodian'), id: idField }),
]);
export type Principal = z.infer<typeof principalSchema>;

/** bridge → gateway; answers are the messages of `channels.ts`, which the bridge passes on. */
export const gatewayMethods = {
  /** Whose key it is, which has to be of one of these roles. */
  'credential.check': { body: z.strictObject({ roles: z.array(z.enum(['vendor', 'terminal', 'admin', 'auditor'])).min(1), key: z.string().max(200) }), answer: principalSchema },
  'network.info': { body: z.strictObject({}), answer: z.unknown() },
  'context.create': { body: z.strictObject({ vendorId: idField, request: createAuthenticationSchema }), answer: z.unknown() },
  'context.cancel': { body: z.strictObject({ vendorId: idField, contextId: idField }), answer: z.unknown() },
  'probe.submit': { body: z.strictObject({ terminalId: idField, contextId: idField, probe: probeSchema }), answer: z.strictObject({}) },
  'capture.failed': { body: z.strictObject({ terminalId: idField, contextId: idField, reason: captureFailureSchema }), answer: z.strictObject({}) },
  /** A terminal connected anew: its settings and the contexts that wait for it follow as events of its stream. */
  'terminal.hello': { body: z.strictObject({ terminalId: idField }), answer: z.strictObject({}) },
  /** By an administrator: all terminals hear of it. */
  'configuration.publish': { body: z.strictObject({ adminId: idField, document: pvsDocumentSchema }), answer: pvsConfigurationSchema },
  /** Back to the version before `version`, which must be the one in force. */
  'configuration.roll-back': { body: z.strictObject({ adminId: idField, version: z.number().int().positive() }), answer: pvsConfigurationSchema },
  'configuration.acknowledge': { body: z.strictObject({ terminalId: idField, version: z.number().int(), applied: z.boolean(), code: z.string().optional() }), answer: z.strictObject({}) },
  /** By somebody without a credential, at this address. */
  'registration.start': { body: z.strictObject({ positions: z.array(positionSchema).optional(), locale: z.string().optional(), address: z.string().max(64) }), answer: z.unknown() },
  'registration.resume': { body: z.strictObject({ registrationId: idField, secret: z.string() }), answer: z.unknown() },
  'registration.consent': { body: z.strictObject({ registrationId: idField, consent: signedConsentSchema }), answer: z.strictObject({}) },
  'registration.sample': { body: z.strictObject({ registrationId: idField, position: positionSchema, index: z.number().int(), quality: qualitySchema }), answer: z.strictObject({ accepted: z.boolean(), remaining: z.number().int() }) },
  'registration.complete': { body: z.strictObject({ registrationId: idField, split: sealedSplitSchema }), answer: z.strictObject({}) },
  'registration.cancel': { body: z.strictObject({ registrationId: idField }), answer: z.strictObject({}) },
} as const;

/** Names of a channel's event stream in the shared store. */
export const streamOf = {
  registration: (registrationId: string) => `registration:${registrationId}`,
  vendor: (vendorId: string) => `vendor:${vendorId}`,
  pvs: (terminalId: string) => `pvs:${terminalId}`,
  admin: () => 'admin',
} as const;
