import { type Principal } from '@boop/protocol';
import { type AuthenticationRecord } from '../domain/authentication-record.ts';
import { type ChannelEvent, type OutboxEntry, type Transition } from '../domain/events.ts';
import { type RegistrationRecord } from '../domain/registration.ts';

/** A record and the version under which a change to it may be saved. */
export interface Versioned<Item> {
  readonly record: Item;
  readonly version: number;
}

export interface AuthenticationQuery {
  readonly status?: AuthenticationRecord['status'] | undefined;
  readonly type?: AuthenticationRecord['context']['type'] | undefined;
  readonly terminalId?: string | undefined;
  readonly reference?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** Those that come after this one in the list. */
  readonly after?: { readonly createdAtMs: number; readonly id: string } | undefined;
}

/**
 * Contract of every record store: `save` is a compare-and-swap on the version; the record, its events and its outbox entry are
 * committed together or not at all, and are durable when the promise resolves.
 */
export interface AuthenticationStore {
  /** @returns false, and changes nothing, when the vendor has a context of this id already */
  create(transition: Transition<AuthenticationRecord>): Promise<boolean>;
  find(vendorId: string, id: string): Promise<Versioned<AuthenticationRecord> | undefined>;
  /** @returns false, and changes nothing, when somebody else was faster */
  save(version: number, transition: Transition<AuthenticationRecord>): Promise<boolean>;
  /** Contexts whose time is over, at most `limit`. */
  due(nowMs: number, limit: number): Promise<Versioned<AuthenticationRecord>[]>;
  /** A vendor's contexts, newest first. */
  list(vendorId: string, query: AuthenticationQuery, limit: number): Promise<AuthenticationRecord[]>;
  /** Open contexts that name this terminal. */
  openOf(terminalId: string, nowMs: number): Promise<AuthenticationRecord[]>;
}

export interface RegistrationStore {
  create(transition: Transition<RegistrationRecord>): Promise<void>;
  find(id: string): Promise<Versioned<RegistrationRecord> | undefined>;
  /** Those of the ids that there are, in any order. */
  findAll(ids: readonly string[]): Promise<RegistrationRecord[]>;
  save(version: number, transition: Transition<RegistrationRecord>): Promise<boolean>;
  /** Sessions whose time is over, and runs that have taken too long: nobody waits for their end any more. */
  due(nowMs: number, limit: number): Promise<Versioned<RegistrationRecord>[]>;
}

/** Events of the channels; the bridge reads the same tables. */
export interface EventStore {
  append(events: readonly ChannelEvent[]): Promise<void>;
  /** Makes sure that a stream has its epoch, so that the bridge, which only reads, can tell it to a client. */
  ensureStreams(streams: readonly string[]): Promise<void>;
  /** Forgets what is older than 10 min or more than 1,000 events back. */
  prune(nowMs: number): Promise<void>;
}

export interface Vendor {
  readonly id: string;
  readonly name: string;
  readonly sector: string;
  readonly authenticationsPerMinute: number;
  /** Entry of the network's menu that stands for a context which names none. */
  readonly operatingPoint?: string;
  /** Its contexts never reach a node. */
  readonly sandbox: boolean;
  readonly suspended: boolean;
}

export interface Terminal {
  readonly id: string;
  readonly vendorId: string;
  /** Ed25519 key that signs its splits, base64url. */
  readonly deviceKey: string;
}

export interface DirectoryStore {
  /** Whose key this is, or undefined when it is unknown, revoked or over. */
  principalOf(apiKey: string): Promise<Principal | undefined>;
  vendor(id: string): Promise<Vendor | undefined>;
  /** Undefined also while the terminal is suspended, and for good when it was unpaired. */
  terminal(id: string): Promise<Terminal | undefined>;
  acknowledgeConfiguration(terminalId: string, version: number, answer: { applied: boolean; code?: string | undefined }, nowMs: number): Promise<void>;
}

export interface PendingEntry extends OutboxEntry {
  readonly id: bigint;
  readonly attempts: number;
}

/** Entries leave the outbox only when the ledger acknowledged them. */
export interface OutboxStore {
  due(nowMs: number, limit: number): Promise<PendingEntry[]>;
  acknowledge(id: bigint, leafIndex: number, nowMs: number): Promise<void>;
  postpone(id: bigint, untilMs: number): Promise<void>;
  /** Forgets entries that the ledger has had for a day. */
  prune(nowMs: number): Promise<void>;
  /** How many entries wait. */
  waiting(): Promise<number>;
  /** Whether this entry waits. */
  holds(entryHash: string): Promise<boolean>;
}

export type IdempotencyClaim =
  | { readonly kind: 'mine' }
  | { readonly kind: 'done'; readonly statusCode: number; readonly response: unknown }
  | { readonly kind: 'in-flight' }
  | { readonly kind: 'other-body' };

/** Claims are taken by one request at a time; one left behind by a dead process is free again after a minute. */
export interface IdempotencyStore {
  claim(principal: string, key: string, bodyHash: string, nowMs: number): Promise<IdempotencyClaim>;
  complete(principal: string, key: string, statusCode: number, response: unknown): Promise<void>;
  abandon(principal: string, key: string): Promise<void>;
  prune(nowMs: number): Promise<void>;
}

export interface GroupKeyRecord {
  readonly name: string;
  readonly suite: string;
  readonly signers: number;
  /** base64url */
  readonly publicKey: string;
}

/** The group keys that count; replicas of the gateway share them. */
export interface GroupKeyStore {
  all(): Promise<GroupKeyRecord[]>;
  /** Both or nothing. */
  change(change: { readonly put: readonly GroupKeyRecord[]; readonly remove: readonly string[] }): Promise<void>;
  /** Forgets a key that stands under its name since before. @returns whether it did */
  retire(name: string, sinceMs: number): Promise<boolean>;
}
