import { attributeNameSchema, bytesField, idField, sealedPartialSchema, secondsField, sessionContextSchema, signedConsentSchema, signedRecordGrantSchema } from '@boop/identity';
import { decisionSchema, matchStatementSchema, missingNamesSchema, nodeSplitSchema, signedPalmErasureSchema, signedSubjectOrderSchema } from '@boop/protocol';
import { z } from 'zod';
import { signedTranscriptSchema } from './run-transcripts.ts';

/** Requests among nodes over the mesh: method → schemas of body and answer. */
const bytesOf = (size: number) => z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === size, { message: `must be ${size} bytes` });
const bytesUpTo = (size: number) => z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length <= size, { message: `must be at most ${size} bytes` });
const party = z.number().int().min(1).max(255);
const committee = z.array(party).min(3).max(7);
/** At least 3t+1 nodes. */
const holders = z.array(party).min(4).max(7);
const hash = bytesField(32);
const row = z.number().int().min(0);
const nothing = z.strictObject({});

/** What one committee decided, with the signatures of all its members. */
export const certifiedStatementSchema = z.strictObject({
  statement: matchStatementSchema,
  /** Over the statement and the hash of the member's own transcript of the run. */
  signatures: z.array(z.strictObject({ party, signature: bytesField(64), transcript: hash })).min(3).max(7),
});
export type CertifiedStatement = z.infer<typeof certifiedStatementSchema>;

/** State of an append-only gallery: rows and the running hash over what was committed. */
export const galleryHeadSchema = z.strictObject({ rows: row, digest: hash });
export type GalleryHead = z.infer<typeof galleryHeadSchema>;

/** What all nodes sign before a registration counts; every node rebuilds it itself. */
export const registrationRecordSchema = z.strictObject({
  v: z.literal(1),
  networkId: idField,
  epoch: z.number().int().positive(),
  sessionId: hash,
  splitHash: hash,
  /** SHA-256 of the signed consent. */
  consent: hash,
  /** The person's account key, which signed the consent; absent in records from before nodes kept it. */
  accountKey: bytesField(32).optional(),
  /** 16 bytes, known to the nodes only. */
  subjectId: bytesField(16),
  /** Split hash of the registration whose place it takes, subject and all. */
  replaces: hash.optional(),
  firstSlot: row,
  /** SHA-256 of the statement, signed by 2t+1 nodes, that nothing of it was stored; absent in records from before nodes asked for it. */
  absence: hash.optional(),
  positions: z.array(z.enum(['left-palm', 'right-palm'])).min(1).max(2),
  encoder: idField,
  /** When the consent's time is over; kept until it is withdrawn where absent. */
  retainUntil: secondsField.optional(),
  /** A family of committees took part, so no set of t liars sat in all of them. */
  verified: z.boolean(),
  time: secondsField,
});
export type RegistrationRecord = z.infer<typeof registrationRecordSchema>;

/** Why a registration has no shares any more: whoever may have it erased has asked for it, or another one has taken its place. */
export const erasureCauseSchema = z.union([signedPalmErasureSchema, z.strictObject({ replacedBy: hash })]);
export type ErasureCause = z.infer<typeof erasureCauseSchema>;

const partySignature = z.strictObject({ party, signature: bytesField(64) });
export const registrationCertificateSchema = z.strictObject({ record: registrationRecordSchema, signatures: z.array(partySignature).min(3).max(7) });
export type RegistrationCertificate = z.infer<typeof registrationCertificateSchema>;

/** At most three families of 21 committees. */
const verdicts = z.array(certifiedStatementSchema).min(1).max(64);
const perParty = (size: number) => z.array(z.strictObject({ party, bytes: bytesUpTo(size) })).min(3).max(7);
export const laneRangeSchema = z.strictObject({ batchId: bytesOf(16), from: z.number().int().min(0), to: z.number().int().min(1) });
export type LaneRange = z.infer<typeof laneRangeSchema>;

const run = {
  splitHash: hash,
  /** Drawn by the leader, never used before. */
  runId: bytesOf(16),
  operation: z.enum(['identify', 'verify', 'de-duplicate', 'agree', 'recognise']),
  committee,
  /** 3t+1 or more nodes over which masked scores are checked, or the committee alone where there are fewer. */
  holders: committee,
  row: row.optional(),
  /** `verify` only: the certified identification that named the row. */
  basis: certifiedStatementSchema.optional(),
};
export const runRequestSchema = z.strictObject(run);
export type RunRequest = z.infer<typeof runRequestSchema>;
/** How correlations are made and used: `bit-sliced` is never the best. */
export const poolBackEnds = ['one-hot', 'digits'] as const;
export type PoolBackEnd = (typeof poolBackEnds)[number];
const backEnd = z.enum(poolBackEnds);
/** How a run is compared, and with which correlations. */
export const runLanesSchema = z.strictObject({ runId: bytesOf(16), backEnd, blockRows: z.number().int().min(1), lanes: z.array(laneRangeSchema).max(64) });
export type RunLanes = z.infer<typeof runLanesSchema>;

/** What came out of a run at one member of its committee, signed by it with the hash of its transcript. */
const outcome = z.strictObject({ decision: decisionSchema, signature: bytesField(64), transcript: hash });
/** A node's parts of a token about a candidate: PRF partial and nonce commitment. */
const preparedToken = z.strictObject({ partial: bytesUpTo(256), commitment: bytesUpTo(256) });

/** Lanes that one batch of correlations may have; a larger run takes several batches. */
export const lanesPerBatchMax = 1 << 18;

export const groupKeyNames = ['token', 'log', 'prf', 'attributes', 'credential'] as const;
export const groupKeyNameSchema = z.enum(groupKeyNames);
export type GroupKeyName = z.infer<typeof groupKeyNameSchema>;

export const peerMethods = {
  /** leader → all: check everything, open the envelope, remember the split. `ahead` where the leader's head lacks rows that this node has. */
  'session.open': {
    body: z.strictObject({ context: sessionContextSchema, consent: signedConsentSchema.optional(), split: nodeSplitSchema, head: galleryHeadSchema }),
    answer: z.strictObject({ ahead: z.literal(true).optional() }),
  },
  /** leader → all: wipe what the session held. With the statements of an accepted one, so that it does not count as a failure. */
  'session.end': { body: z.strictObject({ splitHash: hash, verdicts: verdicts.optional() }), answer: nothing },
  /** leader → all that opened: is the split what it claims to be? Answered when this node has found that it is. */
  'split.check': { body: z.strictObject({ splitHash: hash, parties: holders, keysId: bytesOf(16), runId: bytesOf(16) }), answer: nothing },
  'holders.agree': { body: z.strictObject({ parties: holders, keysId: bytesOf(16), bootIds: z.array(bytesOf(16)).min(4).max(7) }), answer: nothing },
  /**
   * leader → all holders of a run; it may come before the session is open there. Members of the committee answer with the outcome, the others once they have handed in their shares.
   * With `authTime`, a member whose identification named a row prepares the token about it as `token.prepare` does, unless that refuses.
   */
  'run.take': {
    body: z.strictObject({ ...run, authTime: secondsField.optional() }),
    answer: z.strictObject({ outcome: outcome.optional(), prepared: preparedToken.optional() }),
  },
  /** lowest party of a committee → all other holders of its run. Answered once they have taken the lanes. */
  'run.lanes': { body: runLanesSchema, answer: nothing },
  /** leader → all holders, after a run that went wrong. */
  'run.transcript': { body: z.strictObject({ splitHash: hash, runId: bytesField(16) }), answer: signedTranscriptSchema },
  /** lowest party of a committee → the others of it. */
  'committee.agree': { body: z.strictObject({ committee, holders: committee, runId: bytesOf(16), bootIds: z.array(bytesOf(16)).min(3).max(7) }), answer: nothing },
  /** lowest party of a committee → all other holders; `agreement` names the committee's keys, `keysId` those of wider holders. */
  'pool.fill': {
    body: z.strictObject({ committee, holders: committee, agreement: bytesOf(16), keysId: bytesOf(16).optional(), batchId: bytesOf(16), backEnd, adder: z.enum(['ripple', 'log']), lanes: z.number().int().min(32).max(lanesPerBatchMax).multipleOf(32), urgent: z.boolean() }),
    answer: nothing,
  },
  /** leader → signers, while the candidate is confirmed: PRF partial and nonce commitment. */
  'token.prepare': {
    body: z.strictObject({ splitHash: hash, basis: certifiedStatementSchema, authTime: secondsField }),
    answer: preparedToken,
  },
  /** leader → signers, once it is: signature share over the token, and a receipt for the log entry. */
  'token.sign': {
    body: z.strictObject({ splitHash: hash, verdicts, authTime: secondsField, verified: z.boolean(), partials: perParty(256), commitments: perParty(256) }),
    answer: z.strictObject({ share: bytesUpTo(256), receipt: bytesField(64) }),
  },
  /** leader → all that opened, with the statements of an accepted match: parts of the keys of consented attributes, and grants for the storage side. */
  'release.authorise': {
    body: z.strictObject({ splitHash: hash, verdicts, authTime: secondsField, verified: z.boolean() }),
    answer: z.strictObject({ records: z.array(z.strictObject({ attribute: attributeNameSchema, partial: sealedPartialSchema, grant: signedRecordGrantSchema })).max(32) }),
  },
  /** leader → all that opened, where the context claims a person: PRF partial for the row that the statements prove. */
  'subject.evaluate': { body: z.strictObject({ splitHash: hash, verdicts }), answer: z.strictObject({ partial: bytesUpTo(256) }) },
  /** leader → all that opened: each finds for itself whether the row is the person that is claimed. */
  'subject.judge': { body: z.strictObject({ splitHash: hash, partials: perParty(256) }), answer: nothing },
  /** `attributes` when it matched, but the vendor lacks what it requires; `subject` when it matched somebody else than the context claims; `suspended` when that person is. `missing` are the attributes that this node finds missing, if that is the reason. */
  'decision.reject': { body: z.strictObject({ splitHash: hash, verdicts, authTime: secondsField, because: z.enum(['attributes', 'subject', 'suspended']).optional() }), answer: z.strictObject({ receipt: bytesField(64), missing: z.strictObject({ names: missingNamesSchema, signature: bytesField(64) }).optional() }) },
  /** leader → all, before anything is stored: that nothing of this registration is. */
  'gallery.absence': { body: z.strictObject({ splitHash: hash, verdicts }), answer: z.strictObject({ signature: bytesField(64) }) },
  'gallery.prepare': { body: z.strictObject({ splitHash: hash, verdicts, absences: z.array(partySignature).min(3).max(7), record: registrationRecordSchema }), answer: z.strictObject({ signature: bytesField(64) }) },
  'gallery.commit': { body: registrationCertificateSchema, answer: z.strictObject({ receipt: bytesField(64) }) },
  'gallery.abort': { body: z.strictObject({ splitHash: hash }), answer: nothing },
  /** What does the peer know of registrations that are still pending here? */
  'gallery.sync': {
    body: z.strictObject({ pending: z.array(hash).max(64) }),
    answer: z.strictObject({ head: galleryHeadSchema, certificates: z.array(registrationCertificateSchema).max(64), inFlight: z.array(hash).max(64) }),
  },
  /** asked node → all: delete what the owner of an account has asked to have deleted. */
  'subject.erase': { body: signedPalmErasureSchema, answer: z.strictObject({ receipt: bytesField(64), registrations: z.number().int().min(0) }) },
  /** What was erased at the peer from the `from`th request on; signatures are those of whoever asked for it. */
  'gallery.erasures': { body: z.strictObject({ from: z.number().int().min(0) }), answer: z.strictObject({ head: galleryHeadSchema, requests: z.array(signedPalmErasureSchema).max(1_024) }) },
  /** asked node → all: recognise a person no more, or again. */
  'subject.order': { body: signedSubjectOrderSchema, answer: z.strictObject({ receipt: bytesField(64) }) },
  /** Orders that hold at the peer; their signatures are those of whoever gave them. */
  'subject.orders': { body: z.strictObject({ from: z.number().int().min(0) }), answer: z.strictObject({ orders: z.array(signedSubjectOrderSchema).max(512) }) },
  'ceremony.status': { body: nothing, answer: z.strictObject({ keys: z.array(z.strictObject({ name: groupKeyNameSchema, ceremonyId: bytesOf(16), confirmed: z.boolean() })).max(8) }) },
  'ceremony.start': { body: z.strictObject({ name: groupKeyNameSchema, ceremonyId: bytesOf(16) }), answer: z.strictObject({ publicKey: bytesUpTo(64) }) },
  /** What a node has of the key that is to sign tokens next. */
  'rollover.status': { body: nothing, answer: z.strictObject({ next: z.strictObject({ ceremonyId: bytesOf(16), takesOverAt: secondsField, confirmed: z.boolean() }).optional() }) },
  /** lowest party → all: make the key that signs tokens from `takesOverAt` on; answered when the share is durable. */
  'rollover.start': { body: z.strictObject({ ceremonyId: bytesOf(16), takesOverAt: secondsField }), answer: z.strictObject({ publicKey: bytesUpTo(64) }) },
  'rollover.confirm': { body: z.strictObject({ ceremonyId: bytesOf(16) }), answer: nothing },
  'ceremony.confirm': { body: z.strictObject({ name: groupKeyNameSchema, ceremonyId: bytesOf(16) }), answer: nothing },
} as const;

export type PeerMethod = keyof typeof peerMethods;
export type PeerBody<M extends PeerMethod> = z.infer<(typeof peerMethods)[M]['body']>;
export type PeerAnswer<M extends PeerMethod> = z.infer<(typeof peerMethods)[M]['answer']>;
