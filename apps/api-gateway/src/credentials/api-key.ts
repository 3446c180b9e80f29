import { createHash } from 'node:crypto';
import { type Principal } from '@boop/protocol';
import { type Rng, toBase64Url } from '@boop/shared';

/** Persons have no API keys: they sign. */
export type KeyRole = Exclude<Principal['role'], 'person'>;

export const keyPrefixes: Record<KeyRole, string> = { vendor: 'sk_', terminal: 'tk_', admin: 'ak_', auditor: 'rk_', attester: 'tt_', adjudicator: 'jk_', custodian: 'ck_' };

/** 256 random bits behind a prefix that says whose it is; a vendor's also says whether it is of the sandbox. */
export const newApiKey = (role: KeyRole, sandbox: boolean, rng: Rng): string => `${keyPrefixes[role]}${sandbox ? 'test' : 'live'}_${toBase64Url(rng.bytes(32))}`;

/** What is stored. A key has 256 bits, so a fast hash is enough. */
export const keyHashOf = (apiKey: string): Uint8Array<ArrayBuffer> => new Uint8Array(createHash('sha256').update(apiKey).digest());
