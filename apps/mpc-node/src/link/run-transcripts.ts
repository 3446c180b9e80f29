import { bytesField, separated } from '@boop/identity';
import { type MatchStatement, matchStatementSchema, statementBytes } from '@boop/protocol';
import { canonicalJson, fromBase64Url, lengthPrefixed } from '@boop/shared';
import { z } from 'zod';

const party = z.number().int().min(1).max(255);
const parties = z.array(party).max(7);
const hash = bytesField(32);
/** Rounds of one run at most. */
const messages = z.array(hash).max(128);

/** What one node sent to and received from each other node in one run, message by message, as salted hashes; and how the run ended here. */
export const runTranscriptSchema = z.strictObject({
  v: z.literal(1),
  runId: bytesField(16),
  party,
  committee: parties,
  holders: parties,
  links: z.array(z.strictObject({ party, sent: messages, received: messages })).max(6),
  outcome: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('decided'), decision: matchStatementSchema.shape.decision }),
    /** A holder outside the committee has done its part. */
    z.strictObject({ kind: z.literal('contributed') }),
    z.strictObject({ kind: z.literal('aborted'), code: z.string().max(64), blame: parties }),
    z.strictObject({ kind: z.literal('unfinished'), missing: parties }),
  ]),
});
export type RunTranscript = z.infer<typeof runTranscriptSchema>;

export const signedTranscriptSchema = z.strictObject({ transcript: runTranscriptSchema, signature: bytesField(64) });
export type SignedTranscript = z.infer<typeof signedTranscriptSchema>;

/** Bytes that a node signs when it is asked for its transcript. */
export const transcriptBytes = (transcript: RunTranscript): Uint8Array => separated('boop-transcript/1', canonicalJson(transcript));

/** Bytes that a member signs when a run has come out: the statement, and the hash of its own transcript. */
export const decidedBytes = (statement: MatchStatement, transcript: string): Uint8Array => decidedBytesOf(statement)(transcript);

/** As {@link decidedBytes}, for several members who sign one statement. */
export function decidedBytesOf(statement: MatchStatement): (transcript: string) => Uint8Array {
  const bytes = statementBytes(statement);
  return (transcript) => separated('boop-run/1', lengthPrefixed(bytes, fromBase64Url(transcript)));
}
