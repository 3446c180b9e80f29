import { type z } from 'zod';
import { type StoredEvent } from '../events/event-reader.ts';
import { type Resume, type Start } from '../events/stream-feed.ts';

export interface ClientMessage {
  readonly type: string;
  readonly id?: string | undefined;
}

/** A message to the client; the connection adds `re`, `epoch` and `offset`. */
export type ServerMessage = Readonly<Record<string, unknown>> & { readonly type: string };

/** What an authenticated connection may do and hears. */
export interface ChannelSession<Message extends ClientMessage> {
  /** Vendor, terminal, administrator or registration: connections are capped by it. */
  readonly identity: string;
  readonly stream: string;
  readonly from: Resume | 'begin' | undefined;
  /** Hello response without `epoch`, `offset`, `recovered` and `heartbeatMs`. */
  readonly welcome: ServerMessage;
  /** Whether the credential of the hello still stands. @throws BoopError `request.unauthenticated`, `request.forbidden`, or what kept it from finding out */
  recheck?(): Promise<unknown>;
  /** Once the connection hears its stream. */
  started?(start: Start): Promise<void>;
  /** @returns a direct answer, if there is one; most answers are events */
  handle(message: Message): Promise<ServerMessage | undefined>;
  wants?(event: StoredEvent['payload']): boolean;
  /** Names the event that will answer a message… */
  answerKey?(message: Message): string | undefined;
  /** …and which one an event is. */
  eventKey?(event: StoredEvent['payload']): string | undefined;
  /** The session is over with this event or this message. */
  isOver?(last: { readonly type: string; readonly code?: unknown }): boolean;
}

export interface ChannelDefinition<Message extends ClientMessage = ClientMessage> {
  readonly name: string;
  readonly schema: z.ZodType<Message>;
  readonly helloType: string;
  /** @param address of the client @throws BoopError `request.unauthenticated`, `request.forbidden`, … */
  hello(message: Message, address: string): Promise<ChannelSession<Message>>;
}
