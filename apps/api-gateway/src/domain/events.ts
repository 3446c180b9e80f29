import { type AdminServerMessage, type PvsServerMessage, type RegistrationServerMessage, streamOf, type VendorServerMessage } from '@boop/protocol';
import { type Attempt } from '../attempts/attempt-limits.ts';
import { type WebhookEvent } from '../webhooks/webhook-event.ts';

/** A server message without what the stream adds (epoch, offset) and what the connection adds (`re`). */
type Payload<Message> = Message extends { epoch: string; offset: number } ? Omit<Message, 'epoch' | 'offset' | 're'> : never;

export type EventPayload = Payload<RegistrationServerMessage> | Payload<VendorServerMessage> | Payload<PvsServerMessage> | Payload<AdminServerMessage>;

/** What a change tells the channels; it is stored in the same transaction as the change. */
export interface ChannelEvent {
  readonly stream: string;
  readonly payload: EventPayload;
}

export const registrationEvent = (id: string, payload: Payload<RegistrationServerMessage>): ChannelEvent => ({ stream: streamOf.registration(id), payload });
export const vendorEvent = (id: string, payload: Payload<VendorServerMessage>): ChannelEvent => ({ stream: streamOf.vendor(id), payload });
export const pvsEvent = (id: string, payload: Payload<PvsServerMessage>): ChannelEvent => ({ stream: streamOf.pvs(id), payload });
export const adminEvent = (payload: Payload<AdminServerMessage>): ChannelEvent => ({ stream: streamOf.admin(), payload });

/** What the ledger has to learn; kept until it acknowledged. */
export interface OutboxEntry {
  readonly entryHash: string;
  readonly entry: Uint8Array;
  readonly receipts: readonly { readonly party: number; readonly signature: string }[];
}

/** The next state of a record and everything that is committed with it. */
export interface Transition<Item> {
  readonly record: Item;
  readonly events: readonly ChannelEvent[];
  readonly outbox?: readonly OutboxEntry[];
  /** A presentation that failed or succeeded at a terminal. */
  readonly attempt?: Attempt;
  /** The payment whose reservation is used by this change; without it there is no change. */
  readonly posting?: string;
  /** What the vendor is told over HTTP. */
  readonly webhooks?: readonly WebhookEvent[];
}

export const isoTime = (ms: number): string => new Date(ms).toISOString();
