import {
  attributeDocumentHash,
  partialResultBytes,
  type RecordGrant,
  recordGrantBytes,
  recordGrantLifeSeconds,
  recordIdOf,
  recordKeyInput,
  type SealedPartial,
  sealPartial,
  type SignedRecordGrant,
} from '@boop/identity';
import { opensslArithmetic as arithmetic } from '@boop/platform';
import { type Clock, type PartyId, type Rng, toBase64Url } from '@boop/shared';
import { prfEvaluate } from '@boop/threshold';
import { type KeyRing } from '../signing/key-ring.ts';
import { type KnownAttribute } from './attribute-records.ts';

/** One release that this node has found to be in order. */
export interface Permitted {
  readonly personId: string;
  readonly attribute: string;
  readonly version: number;
  /** Absent for a version that is not written yet. */
  readonly known: KnownAttribute | undefined;
  readonly recipientKey: string;
  readonly basis: string;
  readonly by: RecordGrant['by'];
  readonly consentId?: string | undefined;
  readonly vendorId?: string | undefined;
}

/** This node's part of a record's key, sealed to the recipient, and its word to the storage side. Decides nothing. */
export class Evaluation {
  readonly #input: { networkId: string; self: PartyId; ring: KeyRing; clock: Clock; rng: Rng; signIdentity: (bytes: Uint8Array) => Uint8Array };

  constructor(input: { networkId: string; self: PartyId; ring: KeyRing; clock: Clock; rng: Rng; signIdentity: (bytes: Uint8Array) => Uint8Array }) {
    this.#input = input;
  }

  /** The PRF's input is computed here, from person, attribute and version. Cost: {@link prfEvaluate}, two signatures, one HPKE seal. */
  async partial(permitted: Permitted): Promise<SealedPartial> {
    const { networkId, self, ring, clock, rng, signIdentity } = this.#input;
    const recordId = recordIdOf({ networkId, ...permitted });
    const rest = {
      party: self,
      recordId,
      basis: permitted.basis,
      ...(permitted.known && { document: attributeDocumentHash(permitted.known.document) }),
      time: Math.floor(clock.nowMs() / 1000),
      partial: toBase64Url(prfEvaluate(ring.get('attributes'), recordKeyInput(recordId), rng, arithmetic)),
    };
    return await sealPartial({ ...rest, signature: toBase64Url(signIdentity(partialResultBytes(rest))) }, permitted.recipientKey);
  }

  grant({ personId, attribute, version, known, recipientKey, basis, by, consentId, vendorId }: Permitted & { known: KnownAttribute }): SignedRecordGrant {
    const { networkId, self, clock, signIdentity } = this.#input;
    const grant: RecordGrant = {
      v: 1,
      kind: 'record-grant',
      networkId,
      personId,
      attribute,
      version,
      document: attributeDocumentHash(known.document),
      recipientKey,
      basis,
      by,
      ...(consentId !== undefined && { consentId }),
      ...(vendorId !== undefined && { vendorId }),
      expiresAt: Math.floor(clock.nowMs() / 1000) + recordGrantLifeSeconds,
    };
    return { party: self, grant, signature: toBase64Url(signIdentity(recordGrantBytes(grant))) };
  }
}
