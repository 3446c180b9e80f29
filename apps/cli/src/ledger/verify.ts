import { type Evidence, leafHash, type LogProof, type MapProof, openCheckpoint, parseTlogProof, verifyEvidence, verifyInclusionProof, verifyLogProof, verifyMapProof } from '@boop/log';
import { entryFault } from '@boop/monitor';
import { BoopError, utf8 } from '@boop/shared';
import { keyBytes } from './prove.ts';

/** What the person knows from elsewhere. */
export interface VerifyPolicy {
  readonly key: string;
  readonly cosigners: readonly string[];
  readonly quorum: number;
  readonly vrfKey?: string | undefined;
  readonly account?: string | undefined;
  /** The entry that a tlog-proof is about. */
  readonly entry?: Uint8Array | undefined;
}

const TLOG_PROOF = 'c2sp.org/tlog-proof@';

/** Verifies a file of any kind that `boop ledger prove` and `boop monitor` write, offline. Returns what it shows, in one line; throws when it shows nothing. */
export function verifyText(text: string, policy: VerifyPolicy): string {
  if (text.startsWith(TLOG_PROOF)) return verifyTlogProof(text, policy);
  const parsed = parseJson(text);
  if ('kind' in parsed) return verifyFault(parsed as unknown as Evidence, policy);
  if ('lookup' in parsed) return verifyAccount(parsed as unknown as MapProof, policy);
  const { index, size } = verifyLogProof(parsed as unknown as LogProof, policy.key);
  return `OK: the entry is at ${index} of ${size}`;
}

function verifyTlogProof(text: string, { key, cosigners, quorum, entry }: VerifyPolicy): string {
  const { index, proof, checkpoint } = parseTlogProof(text);
  if (entry === undefined) throw new BoopError('ledger.entry-needed', 'this proof is about an entry that it does not contain: give it with --entry');
  const { size, root } = openCheckpoint(checkpoint, { vkey: key, cosigners, quorum }).checkpoint;
  verifyInclusionProof({ leafHash: leafHash(entry), index, size, root, proof });
  return `OK: the entry is at ${index} of ${size}`;
}

function verifyFault(evidence: Evidence, { key, cosigners }: VerifyPolicy): string {
  const fault = verifyEvidence(evidence, { vkey: key, cosigners, entryFault });
  const both = fault.cosigners.length > 0 ? `; both heads cosigned by ${fault.cosigners.join(', ')}` : '';
  return `PROVEN against the log: ${fault.code} (${fault.kind})${both}`;
}

function verifyAccount(proof: MapProof, { key, cosigners, quorum, vrfKey, account }: VerifyPolicy): string {
  if (vrfKey === undefined || account === undefined) throw new BoopError('ledger.account-needed', 'a proof about an account is checked with --account and --vrf-key');
  const { mutation, value, history, revision, checkpoint } = verifyMapProof(proof, { vkey: key, cosigners, quorum, vrfKey: keyBytes(vrfKey), label: utf8(account) });
  const where = `revision ${revision.revision}, log of ${checkpoint.size} entries`;
  if (!mutation) return `OK: there is no such account (${where})`;
  const shown = [value ? 'value shown' : 'value not shown', history ? `history of ${history.length} complete` : 'without history'];
  return `OK: the account is at version ${mutation.version}, ${shown.join(', ')} (${where})`;
}

function parseJson(text: string): object {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) return parsed;
  } catch {
    // Falls through to the one refusal.
  }
  throw new BoopError('ledger.unknown-proof', 'the file is no proof and no evidence');
}
