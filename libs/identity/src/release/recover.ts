import { BoopError, fromBase64Url } from '@boop/shared';
import { openValue, type ValuePlace } from '../attributes/cipher.ts';
import { attributeDocumentHash, recordKeyInput, verifyAttestation } from '../attributes/record.ts';
import { type AttributeValue } from '../attributes/values.ts';
import { openPartial, type PartialResult, partialResultBytes, type RecipientKey, type ReleasedRecord, type SealedPartial } from './sealed.ts';

/** Some nodes answered with what they can't prove, or for another record; too few were left. */
export class ReleaseFault extends BoopError {
  /** Parties whose partial result is wrong, ascending. */
  readonly blame: readonly number[];

  constructor(code: string, message: string, blame: readonly number[]) {
    super(code, message, { kind: 'peer' });
    this.name = 'ReleaseFault';
    this.blame = blame;
  }
}

/** What a recipient knows of the network. */
export interface NetworkKeys {
  /** Partial results needed, 2t+1. */
  readonly needed: number;
  /** Ed25519 under the node identities of the manifest. */
  verifyNode(party: number, bytes: Uint8Array, signature: Uint8Array): boolean;
  /**
   * The threshold PRF's combination under the group key `attributes` (`prfCombine` of `@boop/threshold`), which verifies each proof.
   * An error that names parties has them in `blame`.
   */
  combine(input: Uint8Array, partials: ReadonlyMap<number, Uint8Array>): Uint8Array;
}

export interface RecoveredKey {
  /** 32 bytes; the caller wipes them. */
  readonly prfOutput: Uint8Array;
  /** Parties whose partial result was wrong, though enough others were right. */
  readonly blame: readonly number[];
}

/**
 * Opens the nodes' partial results, leaves out whoever lied, and combines the rest into the output of which the record's key is derived.
 * @param expected what each result must be for; `document` absent for a version that is not written yet
 * @throws ReleaseFault `release.bad-partial` naming parties, when fewer than 2t+1 good results are left
 */
export async function recoverKey(sealed: readonly SealedPartial[], expected: { recordId: string; basis: string; document?: string }, recipient: RecipientKey, keys: NetworkKeys): Promise<RecoveredKey> {
  const good = new Map<number, Uint8Array>();
  const blame = new Set<number>();
  for (const one of sealed) {
    const result = await openPartial(recipient, expected.recordId, one).catch(() => undefined);
    if (result && !good.has(result.party) && isFor(result, expected) && keys.verifyNode(result.party, partialResultBytes(result), fromBase64Url(result.signature))) good.set(result.party, fromBase64Url(result.partial));
    else blame.add(one.party);
  }
  const input = recordKeyInput(expected.recordId);
  for (;;) {
    if (good.size < keys.needed) throw new ReleaseFault('release.bad-partial', 'too few nodes gave a partial result that they can prove', [...blame].sort((a, b) => a - b));
    try {
      return { prfOutput: keys.combine(input, good), blame: [...blame].sort((a, b) => a - b) };
    } catch (error) {
      const named = (error as { blame?: readonly number[] }).blame?.filter((party) => good.delete(party)) ?? [];
      if (named.length === 0) throw error;
      for (const party of named) blame.add(party);
    }
  }
}

const isFor = (result: PartialResult, { basis, document }: { basis: string; document?: string }): boolean => result.basis === basis && result.document === document;

export interface OpenedRecord {
  readonly attribute: string;
  readonly value: AttributeValue;
  /** RFC 9901 section 4.2.1. */
  readonly disclosure: string;
  readonly document: ReleasedRecord['document'];
  readonly blame: readonly number[];
}

/**
 * Recovers a released record's key and opens its value. Whether its issuer is accredited is for the caller to check (`checkAgainstRegistry`).
 * @throws ReleaseFault `release.bad-partial`; BoopError `attribute.tampered`, `attribute.bad-attestation`
 */
export async function openReleased({ document, attested, ciphertext, basis, partials }: ReleasedRecord, recipient: RecipientKey, keys: NetworkKeys): Promise<OpenedRecord> {
  verifyAttestation(document, attested);
  const { recordId, attribute, version, source } = document;
  const { prfOutput, blame } = await recoverKey(partials, { recordId, basis, document: attributeDocumentHash(document) }, recipient, keys);
  const place: ValuePlace = { recordId, attribute, version, source };
  try {
    return { attribute, ...openValue(prfOutput, place, fromBase64Url(ciphertext), document), document, blame };
  } finally {
    prfOutput.fill(0);
  }
}
