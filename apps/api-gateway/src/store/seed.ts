import { readFileSync } from 'node:fs';
import { bytesField, idField } from '@boop/identity';
import { streamOf } from '@boop/protocol';
import { BoopError, fromBase64Url } from '@boop/shared';
import { z } from 'zod';
import { type Database } from './database.ts';
import { ensureStream } from './effects.ts';

export const authenticationsPerMinuteDefault = 100;

/** Vendors, terminals, admins and auditors of a development network. Keys appear as base64url of their SHA-256 only. */
export const seedSchema = z.strictObject({
  vendors: z.array(
    z.strictObject({
      id: idField,
      name: z.string().min(1).max(100),
      sector: z.string().min(1).max(255),
      apiKeyHash: bytesField(32),
      limits: z.strictObject({ authenticationsPerMinute: z.number().int().positive().max(1_000_000).optional() }).optional(),
    }),
  ),
  terminals: z.array(z.strictObject({ id: idField, vendorId: idField, keyHash: bytesField(32), deviceKey: bytesField(32) })),
  admins: z.array(z.strictObject({ id: idField, keyHash: bytesField(32) })),
  auditors: z.array(z.strictObject({ id: idField, keyHash: bytesField(32) })).optional(),
});
export type Seed = z.infer<typeof seedSchema>;

/** @throws BoopError `config.invalid` */
export function readSeed(file: string): Seed {
  try {
    return seedSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    const where = cause instanceof z.ZodError ? `: ${cause.issues.map(({ path }) => path.join('.') || 'top level').join(', ')}` : '';
    throw new BoopError('config.invalid', `seedFile: the seed can't be read${where}`, { kind: 'fatal' });
  }
}

/** Adds what is missing; what is there stays as it is, so that a restart never undoes an administrator's change. */
export async function applySeed(database: Database, seed: Seed): Promise<void> {
  const apiKey = (hash: string, role: string, principalId: string) => ({ hash: new Uint8Array(fromBase64Url(hash)), role, principalId });
  await database.$transaction(async (tx) => {
    await tx.vendor.createMany({
      data: seed.vendors.map(({ id, name, sector, limits }) => ({ id, name, sector, authenticationsPerMinute: limits?.authenticationsPerMinute ?? authenticationsPerMinuteDefault })),
      skipDuplicates: true,
    });
    await tx.terminal.createMany({ data: seed.terminals.map(({ id, vendorId, deviceKey }) => ({ id, vendorId, deviceKey })), skipDuplicates: true });
    await tx.apiKey.createMany({
      data: [
        ...seed.vendors.map(({ id, apiKeyHash }) => apiKey(apiKeyHash, 'vendor', id)),
        ...seed.terminals.map(({ id, keyHash }) => apiKey(keyHash, 'terminal', id)),
        ...seed.admins.map(({ id, keyHash }) => apiKey(keyHash, 'admin', id)),
        ...(seed.auditors ?? []).map(({ id, keyHash }) => apiKey(keyHash, 'auditor', id)),
      ],
      skipDuplicates: true,
    });
    const streams = [...seed.vendors.map(({ id }) => streamOf.vendor(id)), ...seed.terminals.map(({ id }) => streamOf.pvs(id)), streamOf.admin()];
    for (const stream of streams) await ensureStream(tx, stream);
  });
}
