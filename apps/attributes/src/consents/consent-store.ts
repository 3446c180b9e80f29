import { type PurposeText, type SignedGrant, type SignedRevocation } from '@boop/identity';
import { type ConsentAction, type ConsentEvent, type ConsentNotice } from '@boop/protocol';

export type ConsentState = 'pending' | 'active' | 'revoking' | 'revoked';

export interface StoredConsent {
  readonly consentId: string;
  readonly sequence: number;
  readonly accountKey: string;
  readonly state: ConsentState;
  readonly grant: SignedGrant;
  readonly grantHash: string;
  readonly revokedAtS?: number | undefined;
  /** Hash of the newest log entry. */
  readonly logEntry: string;
}

/** A signed document and what opens its commitment. */
export interface StoredDocument {
  readonly hash: string;
  readonly consentId: string;
  readonly action: ConsentAction;
  readonly document: SignedGrant | SignedRevocation;
  readonly opening: string;
  readonly logEntry: string;
  readonly acknowledged: boolean;
}

/** The next state of a consent with the document that leads to it, and what the gateway has to hand on. */
export interface ConsentChange {
  readonly consent: Omit<StoredConsent, 'sequence'>;
  readonly document: Omit<StoredDocument, 'acknowledged'>;
  readonly event: Omit<ConsentEvent, 'sequence'>;
  /** Hash of the grant and the state that the change starts from; undefined for a new consent. */
  readonly from: { readonly grantHash: string; readonly state: ConsentState } | undefined;
}

export interface ConsentPage {
  readonly accountKey: string;
  /** Only consents after this sequence. */
  readonly after: number;
  readonly limit: number;
  readonly states?: readonly ConsentState[];
  /** Seconds: keep only those that expire before or not before. */
  readonly expired?: { readonly now: number; readonly is: boolean } | undefined;
}

/** Durable where it resolves. */
export interface ConsentStore {
  find(consentId: string): Promise<StoredConsent | undefined>;
  document(hash: string): Promise<StoredDocument | undefined>;
  /** Documents of a consent in their order. */
  documents(consentId: string): Promise<StoredDocument[]>;
  list(page: ConsentPage): Promise<StoredConsent[]>;
  /** All or nothing. @returns false when the consent is not at `from` any more, or its id is taken */
  apply(change: ConsentChange): Promise<boolean>;
  /**
   * Marks a document as known to enough nodes, and moves its consent from `pending` to `active` or from `revoking` to `revoked` when it was the newest;
   * whichever call moves it writes the notice too.
   */
  acknowledge(hash: string, noticeOf: (consent: StoredConsent) => ConsentNotice): Promise<void>;
  /** The nodes have refused a document for good: they are not told again, and its consent stays as it is. */
  abandon(hash: string): Promise<void>;
  unacknowledged(limit: number): Promise<StoredDocument[]>;
  events(limit: number): Promise<ConsentEvent[]>;
  settle(sequences: readonly number[]): Promise<void>;
  /** Deletes all of an account and writes the events that tell of it; all or nothing. @returns how many consents there were */
  erase(accountKey: string, eventsFor: (consents: readonly StoredConsent[]) => readonly Omit<ConsentEvent, 'sequence'>[]): Promise<number>;
  /** By purpose, the highest version first. */
  texts(): Promise<PurposeText[]>;
  /** @returns false when another text stands under that purpose, version and locale; true when this one stands there now */
  publishText(text: PurposeText): Promise<boolean>;
}
