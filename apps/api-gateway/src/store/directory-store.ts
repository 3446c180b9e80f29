import { timingSafeEqual } from 'node:crypto';
import { principalSchema } from '@boop/protocol';
import { keyHashOf, keyPrefixes } from '../credentials/api-key.ts';
import { type DirectoryStore } from '../services/ports.ts';
import { type Database } from './database.ts';

export function directoryStore(database: Database): DirectoryStore {
  return {
    async principalOf(apiKey) {
      const hash = keyHashOf(apiKey);
      const row = await database.apiKey.findUnique({ where: { hash } });
      // The index narrows it to one row; what decides compares in constant time.
      if (!row || row.revokedAt !== null || (row.expiresAt !== null && row.expiresAt.getTime() <= Date.now()) || !timingSafeEqual(hash, row.hash)) return undefined;
      const principal = principalSchema.parse({ role: row.role, id: row.principalId });
      return principal.role !== 'person' && apiKey.startsWith(keyPrefixes[principal.role]) ? principal : undefined;
    },

    async vendor(id) {
      const row = await database.vendor.findUnique({ where: { id }, select: { id: true, name: true, sector: true, authenticationsPerMinute: true, operatingPoint: true, sandbox: true, suspendedAt: true } });
      if (!row) return undefined;
      const { operatingPoint, suspendedAt, ...vendor } = row;
      return { ...vendor, ...(operatingPoint === null ? {} : { operatingPoint }), suspended: suspendedAt !== null };
    },

    async terminal(id) {
      return (await database.terminal.findFirst({ where: { id, suspendedAt: null, unpairedAt: null }, select: { id: true, vendorId: true, deviceKey: true } })) ?? undefined;
    },

    async acknowledgeConfiguration(terminalId, version, { applied, code }, nowMs) {
      const answer = { applied, code: code ?? null, acknowledgedAt: new Date(nowMs) };
      await database.terminalConfiguration.upsert({ where: { terminalId_version: { terminalId, version } }, create: { terminalId, version, ...answer }, update: answer });
    },
  };
}
