import { type NetworkManifest, type Vendor } from '@boop/protocol';
import { BoopError, type Clock, type Rng, toBase64Url } from '@boop/shared';
import { InvalidRequest } from '../domain/invalid-request.ts';
import { pageOf } from '../http/page.ts';
import { authenticationsPerMinuteDefault } from '../store/seed.ts';
import { type NewVendor, type VendorChange, type VendorStore, type VersionedVendor } from './vendor-store.ts';

/** Sandbox vendors have sectors of their own, so that their subjects are nobody's. */
const sandboxSector = (id: string): string => `${id.toLowerCase()}.sandbox.invalid`;
const attemptsMax = 5;

export interface VendorDependencies {
  readonly store: VendorStore;
  readonly manifest: Pick<NetworkManifest, 'operatingPoints'>;
  readonly clock: Clock;
  readonly rng: Rng;
}

/** Who may ask for authentications. */
export class VendorService {
  readonly #with: VendorDependencies;

  constructor(dependencies: VendorDependencies) {
    this.#with = dependencies;
  }

  /** @throws BoopError `request.conflict` when the id is taken, `request.malformed` */
  async create(wanted: Pick<NewVendor, 'id' | 'name' | 'sector' | 'operatingPoint'> & { authenticationsPerMinute?: number | undefined }): Promise<VersionedVendor> {
    this.#checkOperatingPoint(wanted.operatingPoint);
    const created = await this.#with.store.create({ ...wanted, authenticationsPerMinute: wanted.authenticationsPerMinute ?? authenticationsPerMinuteDefault, sandbox: false });
    if (!created) throw new BoopError('request.conflict', 'there is a vendor of this id');
    return created;
  }

  /** A vendor of the sandbox, whom nobody vouches for. */
  async createSandbox(name: string): Promise<Vendor> {
    const id = `sandbox-${Buffer.from(this.#with.rng.bytes(8)).toString('hex')}`;
    const created = await this.#with.store.create({ id, name, sector: sandboxSector(id), authenticationsPerMinute: authenticationsPerMinuteDefault, sandbox: true });
    if (!created) throw new BoopError('service.internal', 'a random id was taken', { kind: 'fatal' });
    return created.vendor;
  }

  /** @throws BoopError `request.not-found` */
  async get(id: string): Promise<VersionedVendor> {
    const found = await this.#with.store.find(id);
    if (!found) throw new BoopError('request.not-found', 'there is no such vendor');
    return found;
  }

  async list(after: string | undefined, size: number): Promise<{ rows: readonly Vendor[]; next?: string }> {
    return pageOf(await this.#with.store.list(after, size + 1), size, ({ id }) => toBase64Url(new TextEncoder().encode(id)));
  }

  /** @param accepts whether the client has read the vendor as it is now (RFC 9110 section 13.1.1). @throws BoopError `request.not-found`, `request.precondition-failed`, `request.conflict` */
  async update(id: string, change: Omit<VendorChange, 'suspendedAt'>, accepts: (vendor: Vendor) => boolean = () => true): Promise<VersionedVendor> {
    this.#checkOperatingPoint(change.operatingPoint ?? undefined);
    return this.#change(id, () => change, accepts);
  }

  /** Repeating it changes nothing. */
  suspend(id: string): Promise<VersionedVendor> {
    return this.#change(id, ({ status }) => (status === 'suspended' ? undefined : { suspendedAt: new Date(this.#with.clock.nowMs()) }));
  }

  resume(id: string): Promise<VersionedVendor> {
    return this.#change(id, ({ status }) => (status === 'active' ? undefined : { suspendedAt: null }));
  }

  async #change(id: string, decide: (vendor: Vendor) => VendorChange | undefined, accepts: (vendor: Vendor) => boolean = () => true): Promise<VersionedVendor> {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const found = await this.get(id);
      if (!accepts(found.vendor)) throw new BoopError('request.precondition-failed', 'the vendor has changed since it was read');
      const change = decide(found.vendor);
      if (!change) return found;
      const changed = await this.#with.store.change(id, found.version, change);
      if (changed) return changed;
    }
    throw new BoopError('request.conflict', 'the vendor is changing too fast', { retryAllowed: true });
  }

  #checkOperatingPoint(id: string | undefined): void {
    if (id !== undefined && !this.#with.manifest.operatingPoints.some((point) => point.id === id)) throw new InvalidRequest([{ pointer: '/operatingPoint', detail: 'is not in the menu of this network' }]);
  }
}
