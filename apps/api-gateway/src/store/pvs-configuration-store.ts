import { canonicalJson, equalBytes } from '@boop/shared';
import { type PvsDocument } from '../domain/pvs-configuration.ts';
import { type Prisma } from '../generated/prisma/client.ts';
import { type Database } from './database.ts';

/** The version under which this document is published; another document than the last gets the next number. */
export async function publishedVersion(database: Database, document: PvsDocument): Promise<number> {
  return database.$transaction(async (tx) => {
    await tx.$executeRaw`LOCK TABLE pvs_configurations IN EXCLUSIVE MODE`;
    const last = await tx.pvsConfiguration.findFirst({ orderBy: { version: 'desc' } });
    if (last && equalBytes(canonicalJson(last.document), canonicalJson(document))) return last.version;
    const version = (last?.version ?? 0) + 1;
    await tx.pvsConfiguration.create({ data: { version, document: document as Prisma.InputJsonValue } });
    return version;
  });
}
