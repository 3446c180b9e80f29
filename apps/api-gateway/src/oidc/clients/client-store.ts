import { type Adapter, errors } from 'oidc-provider';
import { BoopError, type Clock } from '@boop/shared';
import { InvalidRequest } from '../../domain/invalid-request.ts';
import { type Database, type Transaction } from '../../store/database.ts';
import { type DirectoryStore } from '../../services/ports.ts';
import { type ClientMetadata, clientMetadataSchema, providerMetadata } from './client-metadata.ts';

/** Vendors as relying parties. */
export class ClientStore {
  readonly #database: Database;
  readonly #directory: Pick<DirectoryStore, 'vendor' | 'principalOf'>;
  readonly #validate: (metadata: Record<string, unknown>) => Promise<void>;
  readonly #clock: Clock;

  constructor(use: { database: Database; directory: Pick<DirectoryStore, 'vendor' | 'principalOf'>; validate: (metadata: Record<string, unknown>) => Promise<void>; clock: Clock }) {
    this.#database = use.database;
    this.#directory = use.directory;
    this.#validate = use.validate;
    this.#clock = use.clock;
  }

  /** What the vendor registered, or what stands for a vendor that registered nothing. */
  async get(vendorId: string, database: Pick<Transaction, 'oidcClient'> = this.#database): Promise<ClientMetadata> {
    const row = await database.oidcClient.findUnique({ where: { vendorId } });
    return clientMetadataSchema.parse(row?.metadata ?? {});
  }

  /**
   * @param accepts whether what is there now is what the caller has read
   * @throws InvalidRequest when the provider finds members that don't fit together
   * @throws BoopError `request.precondition-failed`
   */
  async put(vendorId: string, metadata: ClientMetadata, accepts: (current: ClientMetadata) => boolean): Promise<void> {
    const vendor = await this.#directory.vendor(vendorId);
    if (!vendor) throw new BoopError('request.forbidden', 'the vendor is not active');
    await this.#validate(providerMetadata(vendor, metadata)).catch((error: unknown) => {
      throw error instanceof errors.InvalidClientMetadata ? new InvalidRequest([{ pointer: '', detail: error.error_description ?? 'members do not fit together' }]) : error;
    });
    const data = { metadata: metadata as object, updatedAt: new Date(this.#clock.nowMs()) };
    await this.#database.$transaction(async (tx) => {
      // Of two changes of the same reading the second one waits, and finds another state; the vendor's row is there also before the first one.
      await tx.$queryRaw`SELECT 1 FROM vendors WHERE id = ${vendorId} FOR UPDATE`;
      if (!accepts(await this.get(vendorId, tx))) throw new BoopError('request.precondition-failed', 'the registration has changed since it was read');
      await tx.oidcClient.upsert({ where: { vendorId }, create: { vendorId, ...data }, update: data });
    });
  }

  /** Whether a text is a live API key of this vendor: keys are rotated and revoked in one place. */
  async secretIsOf(vendorId: string, secret: string): Promise<boolean> {
    const principal = await this.#directory.principalOf(secret);
    return principal?.role === 'vendor' && principal.id === vendorId;
  }

  /** The provider's view: it only reads. */
  adapter(): Adapter {
    const readOnly = (): Promise<never> => Promise.reject(new TypeError('clients are registered by their vendors'));
    return {
      find: async (id) => {
        const vendor = await this.#directory.vendor(id);
        return vendor?.suspended === false ? providerMetadata(vendor, await this.get(id)) : undefined;
      },
      upsert: readOnly,
      findByUid: readOnly,
      findByUserCode: readOnly,
      consume: readOnly,
      destroy: readOnly,
      revokeByGrantId: readOnly,
    };
  }
}
