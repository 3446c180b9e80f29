import { type WebhookEventType } from '@boop/protocol';

/** Something that a vendor may be told. `data` is JSON without personal data. */
export interface WebhookEvent {
  readonly vendorId: string;
  readonly type: WebhookEventType;
  readonly data: object;
  readonly atMs: number;
  /** Names the event among those of its vendor and type, so that it can be told once only. */
  readonly key?: string;
}
