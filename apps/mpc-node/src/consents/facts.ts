import { attributeDocumentSchema, bytesField, consentGrantSchema, credentialStatuses, idField, secondsField } from '@boop/identity';
import { z } from 'zod';

/** What a node knows durably of one consent, one attribute or one person; a later fact of the same name replaces it. */
export const factSchema = z.discriminatedUnion('kind', [
  /** `grant` is absent where only the revocation came. */
  z.strictObject({ kind: z.literal('consent'), accountKey: bytesField(32), consentId: idField, grant: consentGrantSchema.optional(), revoked: z.boolean() }),
  z.strictObject({ kind: z.literal('attribute'), personId: bytesField(32), document: attributeDocumentSchema, attested: bytesField(64).optional() }),
  /** Versions up to the floor were erased: their keys never come out again. Consents given until then don't come back either. */
  z.strictObject({ kind: z.literal('erased'), personId: bytesField(32), floor: z.number().int().min(0), until: secondsField }),
  /** A place of the status list; it outlives an erasure, which only takes the person from it and makes it invalid. */
  z.strictObject({ kind: z.literal('credential'), index: z.number().int().min(0), accountKey: bytesField(32).optional(), request: bytesField(32).optional(), status: z.enum(credentialStatuses), changedAt: secondsField }),
]);
export type Fact = z.infer<typeof factSchema>;

export interface FeedHead {
  readonly seq: number;
  readonly digest: string;
}

/** What one document changes. */
export interface FactChange {
  /** Forgotten first. */
  readonly forget?: { readonly personId: string; readonly accountKey: string };
  readonly put: readonly Fact[];
}

/**
 * A node's own memory of the feed. Contract: `apply` is atomic and durable before it resolves; facts are sealed at rest; `answer` is atomic,
 * so that of two equal requests one is answered.
 */
export interface FeedStore {
  load(): Promise<{ head: FeedHead; facts: Fact[] }>;
  apply(head: FeedHead, change: FactChange): Promise<void>;
  /** @returns false when a request of that hash was answered before */
  answer(basis: string, expiresAtMs: number): Promise<boolean>;
  forgetAnswered(nowMs: number): Promise<void>;
}

/** Under which name a fact is kept. */
export const factName = (fact: Fact): string => {
  switch (fact.kind) {
    case 'consent':
      return `consent/${fact.accountKey}/${fact.consentId}`;
    case 'attribute':
      return `attribute/${fact.personId}/${fact.document.attribute}`;
    case 'erased':
      return `erased/${fact.personId}`;
    case 'credential':
      return `credential/${fact.index}`;
  }
};

/** With whom a fact is forgotten: account key for consents, person for attributes and erasures, nobody for places of the status list. */
export function factOwner(fact: Fact): string {
  if (fact.kind === 'credential') return factName(fact);
  return fact.kind === 'consent' ? fact.accountKey : fact.personId;
}
