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
  /** The same without the proofs (`prfCombineUnproven`), for a key that a ciphertext will prove. */
  combineUnproven(input: Uint8Array, partials: ReadonlyMap<number, Uint8Array>): Uint8Array;
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
export async function recoverKey(sealed: readonly SealedPartial[], expected: Expected, recipient: RecipientKey, keys: NetworkKeys): Promise<RecoveredKey> {
  return combineProven(await openPartials(sealed, expected, recipient, keys), expected, keys);
}

/** What each result must be for. */
interface Expected {
  readonly recordId: string;
  readonly basis: string;
  /** Absent for a version that is not written yet. */
  readonly document?: string;
}

interface OpenedPartials {
  readonly good: Map<number, Uint8Array>;
  readonly blame: Set<number>;
}

/** Leaves out results that do not open, are for something else, or are not signed by their node. */
async function openPartials(sealed: readonly SealedPartial[], expected: Expected, recipient: RecipientKey, keys: NetworkKeys): Promise<OpenedPartials> {
  const good = new Map<number, Uint8Array>();
  const blame = new Set<number>();
  for (const one of sealed) {
    const result = await openPartial(recipient, expected.recordId, one).catch(() => undefined);
    if (result && !good.has(result.party) && isFor(result, expected) && keys.verifyNode(result.party, partialResultBytes(result), fromBase64Url(result.signature))) good.set(result.party, fromBase64Url(result.partial));
    else blame.add(one.party);
  }
  if (good.size < keys.needed) throw tooFew(blame);
  return { good, blame };
}

function combineProven({ good, blame }: OpenedPartials, { recordId }: Expected, keys: NetworkKeys): RecoveredKey {
  const input = recordKeyInput(recordId);
  for (;;) {
    if (good.size < keys.needed) throw tooFew(blame);
    try {
      return { prfOutput: keys.combine(input, good), blame: ascending(blame) };
    } catch (error) {
      const named = (error as { blame?: readonly number[] }).blame?.filter((party) => good.delete(party)) ?? [];
      if (named.length === 0) throw error;
      for (const party of named) blame.add(party);
    }
  }
}

const ascending = (parties: ReadonlySet<number>): number[] => [...parties].sort((a, b) => a - b);
const tooFew = (blame: ReadonlySet<number>): ReleaseFault => new ReleaseFault('release.bad-partial', 'too few nodes gave a partial result that they can prove', ascending(blame));

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
 * Recovers a released record's key and opens its value, which proves the key; only where it does not open are the nodes' proofs looked at. Whether its issuer is accredited is for the caller to check (`checkAgainstRegistry`).
 * @throws ReleaseFault `release.bad-partial`; BoopError `attribute.tampered`, `attribute.bad-attestation`
 */
export async function openReleased({ document, attested, ciphertext, basis, partials: sealed }: ReleasedRecord, recipient: RecipientKey, keys: NetworkKeys): Promise<OpenedRecord> {
  verifyAttestation(document, attested);
  const { recordId, attribute, version, source } = document;
  const place: ValuePlace = { recordId, attribute, version, source };
  const expected = { recordId, basis, document: attributeDocumentHash(document) };
  const partials = await openPartials(sealed, expected, recipient, keys);
  const open = (prfOutput: Uint8Array): ReturnType<typeof openValue> => {
    try {
      return openValue(prfOutput, place, fromBase64Url(ciphertext), document);
    } finally {
      prfOutput.fill(0);
    }
  };
  try {
    return { attribute, ...open(keys.combineUnproven(recordKeyInput(recordId), partials.good)), document, blame: ascending(partials.blame) };
  } catch {
    // A node lied, or the value was tampered with: the proofs tell which.
    const { prfOutput, blame } = combineProven(partials, expected, keys);
    return { attribute, ...open(prfOutput), document, blame };
  }
}
