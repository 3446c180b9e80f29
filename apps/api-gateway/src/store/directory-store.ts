import { createHash, timingSafeEqual } from 'node:crypto';
import { type Principal, principalSchema } from '@boop/protocol';
import { type DirectoryStore } from '../services/ports.ts';
import { type Database } from './database.ts';

export const keyHashOf = (apiKey: string): Uint8Array => new Uint8Array(createHash('sha256').update(apiKey).digest());

/** Persons have no API keys: they sign. */
export const keyPrefixes: Record<Exclude<Principal['role'], 'person'>, string> = { vendor: 'sk_', terminal: 'tk_', admin: 'ak_', auditor: 'rk_', attester: 'tt_', adjudicator: 'jk_', custodian: 'ck_' };

export function directoryStore(database: Database): DirectoryStore {
  return {
    async principalOf(apiKey) {
      const hash = keyHashOf(apiKey);
      const row = await database.apiKey.findUnique({ where: { hash: new Uint8Array(hash) } });
      // The index narrows it to one row; what decides compares in constant time.
      if (!row || row.revokedAt !== null || !timingSafeEqual(hash, row.hash)) return undefined;
      const principal = principalSchema.parse({ role: row.role, id: row.principalId });
      return principal.role !== 'person' && apiKey.startsWith(keyPrefixes[principal.role]) ? principal : undefined;
    },

    async vendor(id) {
      return (await database.vendor.findUnique({ where: { id }, select: { id: true, name: true, sector: true, authenticationsPerMinute: true } })) ?? undefined;
    },

    async terminal(id) {
      return (await database.terminal.findUnique({ where: { id }, select: { id: true, vendorId: true, deviceKey: true } })) ?? undefined;
    },

    async acknowledgeConfiguration(terminalId, version, { applied, code }, nowMs) {
      const answer = { applied, code: code ?? null, acknowledgedAt: new Date(nowMs) };
      await database.terminalConfiguration.upsert({ where: { terminalId_version: { terminalId, version } }, create: { terminalId, version, ...answer }, update: answer });
    },
  };
}
