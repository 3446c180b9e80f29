import { type Adapter } from 'oidc-provider';
import { type Clock } from '@boop/shared';
import { type Database } from '../../store/database.ts';
import { type DirectoryStore } from '../../services/ports.ts';
import { type ClientMetadata, clientMetadataSchema, providerMetadata } from './client-metadata.ts';

/** Vendors as relying parties. */
export class ClientStore {
  readonly #database: Database;
  readonly #directory: Pick<DirectoryStore, 'vendor' | 'principalOf'>;
  readonly #clock: Clock;

  constructor(use: { database: Database; directory: Pick<DirectoryStore, 'vendor' | 'principalOf'>; clock: Clock }) {
    this.#database = use.database;
    this.#directory = use.directory;
    this.#clock = use.clock;
  }

  /** What the vendor registered, or what stands for a vendor that registered nothing. */
  async get(vendorId: string): Promise<ClientMetadata> {
    const row = await this.#database.oidcClient.findUnique({ where: { vendorId } });
    return clientMetadataSchema.parse(row?.metadata ?? {});
  }

  async put(vendorId: string, metadata: ClientMetadata): Promise<void> {
    const data = { metadata: metadata as object, updatedAt: new Date(this.#clock.nowMs()) };
    await this.#database.oidcClient.upsert({ where: { vendorId }, create: { vendorId, ...data }, update: data });
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
        return vendor ? providerMetadata(vendor, await this.get(id)) : undefined;
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
