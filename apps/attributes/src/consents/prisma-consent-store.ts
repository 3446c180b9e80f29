import { type PurposeText, purposeTextHash, signedGrantSchema, signedRevocationSchema } from '@boop/identity';
import { consentActions, consentEventSchema } from '@boop/protocol';
import { z } from 'zod';
import { type Consent, type ConsentDocument, Prisma, type PrismaClient } from '../generated/prisma/client.ts';
import { type ConsentChange, type ConsentPage, type ConsentState, type ConsentStore, type StoredConsent, type StoredDocument } from './consent-store.ts';

/** Undoes a transaction whose consent was not where the change starts from. */
class LostRace extends Error {}

export function prismaConsentStore(database: PrismaClient): ConsentStore {
  return {
    async find(consentId) {
      const row = await database.consent.findUnique({ where: { consentId } });
      return row ? storedConsent(row) : undefined;
    },
    async document(hash) {
      const row = await database.consentDocument.findUnique({ where: { hash } });
      return row ? storedDocument(row) : undefined;
    },
    async documents(consentId) {
      return (await database.consentDocument.findMany({ where: { consentId }, orderBy: { position: 'asc' } })).map(storedDocument);
    },
    async list(page) {
      return (await database.consent.findMany({ where: whereOf(page), orderBy: { sequence: 'asc' }, take: page.limit })).map(storedConsent);
    },
    async apply(change) {
      try {
        await database.$transaction((tx) => applyChange(tx, change));
        return true;
      } catch (error) {
        if (error instanceof LostRace || isUniqueViolation(error)) return false;
        throw error;
      }
    },
    async acknowledge(hash, noticeOf) {
      await database.$transaction(async (tx) => {
        const { consentId, action } = await tx.consentDocument.update({ where: { hash }, data: { acknowledged: true } });
        const move = action === 'withdrawn' ? { from: { consentId, state: 'revoking' }, to: 'revoked' } : { from: { consentId, grantHash: hash, state: 'pending' }, to: 'active' };
        const { count } = await tx.consent.updateMany({ where: move.from, data: { state: move.to } });
        if (count === 1) await tx.consentEvent.create({ data: eventRow({ notify: noticeOf(storedConsent(await tx.consent.findUniqueOrThrow({ where: { consentId } }))) }) });
      });
    },
    async abandon(hash) {
      await database.consentDocument.update({ where: { hash }, data: { acknowledged: true } });
    },
    async unacknowledged(limit) {
      return (await database.consentDocument.findMany({ where: { acknowledged: false }, orderBy: { consent: { sequence: 'asc' } }, take: limit })).map(storedDocument);
    },
    async events(limit) {
      const rows = await database.consentEvent.findMany({ orderBy: { sequence: 'asc' }, take: limit });
      return rows.map(({ sequence, entry, notify }) => consentEventSchema.parse({ sequence: Number(sequence), ...(entry === null ? {} : { entry }), ...(notify === null ? {} : { notify }) }));
    },
    async settle(sequences) {
      await database.consentEvent.deleteMany({ where: { sequence: { in: sequences.map(BigInt) } } });
    },
    async erase(accountKey, eventsFor) {
      return await database.$transaction(async (tx) => {
        const rows = await tx.consent.findMany({ where: { accountKey } });
        const { count } = await tx.consent.deleteMany({ where: { accountKey } });
        await tx.consentEvent.createMany({ data: eventsFor(rows.map(storedConsent)).map(eventRow) });
        return count;
      });
    },
    async texts() {
      const rows = await database.purposeText.findMany({ orderBy: [{ purpose: 'asc' }, { version: 'desc' }, { locale: 'asc' }] });
      return rows.map(({ purpose, version, locale, title, text }) => ({ purpose, version, locale, title, text }));
    },
    async publishText(text) {
      const { purpose, version, locale } = text;
      await database.purposeText.createMany({ data: [{ ...text, hash: purposeTextHash(text) }], skipDuplicates: true });
      const stored = await database.purposeText.findUnique({ where: { purpose_version_locale: { purpose, version, locale } } });
      return stored?.hash === purposeTextHash(text satisfies PurposeText);
    },
  };
}

async function applyChange(tx: Prisma.TransactionClient, { consent, document, event, from }: ConsentChange): Promise<void> {
  const { consentId } = consent;
  const row = {
    accountKey: consent.accountKey,
    state: consent.state,
    grant: consent.grant as unknown as Prisma.InputJsonValue,
    grantHash: consent.grantHash,
    expiresAt: dateOf(consent.grant.record.expiresAt),
    revokedAt: consent.revokedAtS === undefined ? null : dateOf(consent.revokedAtS),
    logEntry: consent.logEntry,
  };
  if (from) {
    const { count } = await tx.consent.updateMany({ where: { consentId, grantHash: from.grantHash, state: from.state }, data: row });
    if (count !== 1) throw new LostRace();
  } else await tx.consent.create({ data: { consentId, ...row } });
  const position = await tx.consentDocument.count({ where: { consentId } });
  await tx.consentDocument.create({ data: { ...document, position, document: document.document as unknown as Prisma.InputJsonValue } });
  await tx.consentEvent.create({ data: eventRow(event) });
}

const eventRow = ({ entry, notify }: ConsentChange['event']) => ({ entry: entry ? new Uint8Array(entry) : null, notify: notify ?? Prisma.DbNull });
const dateOf = (seconds: number): Date => new Date(seconds * 1000);
const isUniqueViolation = (error: unknown): boolean => error instanceof Error && (error as { code?: unknown }).code === 'P2002';

function whereOf({ accountKey, after, states, expired }: ConsentPage): Prisma.ConsentWhereInput {
  const expiresAt = expired === undefined ? undefined : expired.is ? { lte: dateOf(expired.now) } : { gt: dateOf(expired.now) };
  return { accountKey, sequence: { gt: BigInt(after) }, ...(states ? { state: { in: [...states] } } : {}), ...(expiresAt ? { expiresAt } : {}) };
}

const storedConsent = ({ consentId, sequence, accountKey, state, grant, grantHash, revokedAt, logEntry }: Consent): StoredConsent => ({
  consentId,
  sequence: Number(sequence),
  accountKey,
  state: state as ConsentState,
  grant: signedGrantSchema.parse(grant),
  grantHash,
  ...(revokedAt ? { revokedAtS: revokedAt.getTime() / 1000 } : {}),
  logEntry,
});

const storedDocument = ({ hash, consentId, action, document, opening, logEntry, acknowledged }: ConsentDocument): StoredDocument => ({
  hash,
  consentId,
  action: z.enum(consentActions).parse(action),
  document: z.union([signedGrantSchema, signedRevocationSchema]).parse(document),
  opening,
  logEntry,
  acknowledged,
});
