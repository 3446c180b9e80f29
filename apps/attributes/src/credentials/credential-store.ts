import { type CredentialRequest, credentialRequestHash, type CredentialStatus, credentialStatuses } from '@boop/identity';
import { type credentialEntrySchema } from '@boop/protocol';
import { z } from 'zod';
import { type Credential } from '../generated/prisma/client.ts';
import { type Database } from '../store/database.ts';

export type CredentialEntry = z.infer<typeof credentialEntrySchema>;

/** Which credentials an account was given, without what is in them. */
export class CredentialStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** A place of the status list for a request: the same one for the same request. */
  async place(request: CredentialRequest, expiresAt: number): Promise<number> {
    const hash = credentialRequestHash(request);
    const data = { accountKey: request.accountKey, request: hash, attributes: request.attributes.map(({ attribute }) => attribute), expiresAt: new Date(expiresAt * 1000) };
    await this.#database.credential.createMany({ data: [data], skipDuplicates: true });
    return (await this.#database.credential.findUniqueOrThrow({ where: { request: hash } })).index;
  }

  async find(accountKey: string, index: number): Promise<CredentialEntry | undefined> {
    const row = await this.#database.credential.findFirst({ where: { index, accountKey } });
    return row ? entryOf(row) : undefined;
  }

  async list(accountKey: string, limit: number): Promise<CredentialEntry[]> {
    return (await this.#database.credential.findMany({ where: { accountKey }, orderBy: { index: 'desc' }, take: limit })).map(entryOf);
  }

  async setStatus(index: number, status: CredentialStatus): Promise<void> {
    await this.#database.credential.update({ where: { index }, data: { status } });
  }

  async erase(accountKey: string): Promise<void> {
    await this.#database.credential.updateMany({ where: { accountKey }, data: { accountKey: null, request: null, attributes: [], status: 'invalid', expiresAt: null } });
  }
}

const entryOf = ({ index, status, attributes, expiresAt }: Credential): CredentialEntry => ({ index, status: z.enum(credentialStatuses).parse(status), attributes, expiresAt: Math.floor((expiresAt?.getTime() ?? 0) / 1000) });
