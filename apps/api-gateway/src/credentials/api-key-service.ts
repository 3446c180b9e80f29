import { type Principal, type apiKeySchema, type newApiKeySchema, type Vendor } from '@boop/protocol';
import { BoopError, type Clock, type Rng, toBase64Url } from '@boop/shared';
import { type z } from 'zod';
import { InvalidRequest } from '../domain/invalid-request.ts';
import { cursorOf, pageOf } from '../http/page.ts';
import { type RateLimits } from '../services/rate-limit.ts';
import { type VendorService } from '../vendors/vendor-service.ts';
import { keyHashOf, type KeyRole, newApiKey } from './api-key.ts';
import { type ApiKeyStore, type StoredKey } from './api-key-store.ts';

const overlapSecondsDefault = 24 * 60 * 60;
const keysMax = 20;
/** Sandbox vendors that may be made in a minute: over all clients, and from one address. */
const signUpsPerMinute = 120;
const signUpsOfAddressPerMinute = 5;

type KeyView = z.infer<typeof apiKeySchema>;
type NewKeyView = z.infer<typeof newApiKeySchema>;

export interface ApiKeyDependencies {
  readonly store: ApiKeyStore;
  readonly vendors: VendorService;
  readonly limits: RateLimits;
  readonly clock: Clock;
  readonly rng: Rng;
}

/** Keys of the API: given out once, stored as hashes, replaced with an overlap. A vendor sees and changes its own. */
export class ApiKeyService {
  readonly #with: ApiKeyDependencies;

  constructor(dependencies: ApiKeyDependencies) {
    this.#with = dependencies;
  }

  /** @throws BoopError `request.forbidden`, `request.malformed`, `vendor.suspended`, `request.conflict` with too many keys */
  async create(caller: Principal, wish: { name?: string | undefined; role?: KeyRole | undefined; principal?: string | undefined; expiresInDays?: number | undefined }): Promise<NewKeyView> {
    const { clock } = this.#with;
    const { role, principal } = forWhom(caller, wish);
    const vendor = role === 'vendor' ? await this.#activeVendor(principal) : undefined;
    const expiresAt = wish.expiresInDays === undefined ? undefined : new Date(clock.nowMs() + wish.expiresInDays * 86_400_000);
    return this.#give({ role, principal, name: wish.name ?? '', expiresAt }, vendor?.sandbox ?? false);
  }

  /** A vendor of the sandbox and its first key, without an account. @throws BoopError `request.rate-limited` */
  async signUp(name: string, address: string): Promise<{ vendor: Vendor; key: NewKeyView }> {
    await this.#with.limits.take(`sign-ups/${address}`, signUpsOfAddressPerMinute);
    await this.#with.limits.take('sign-ups', signUpsPerMinute);
    const vendor = await this.#with.vendors.createSandbox(name);
    return { vendor, key: await this.#give({ role: 'vendor', principal: vendor.id, name: 'first key', expiresAt: undefined }, true) };
  }

  async list(caller: Principal, after: string | undefined, size: number): Promise<{ rows: readonly KeyView[]; next?: string }> {
    const rows = await this.#with.store.list(ownerSeenBy(caller), this.#now(), after, size + 1);
    return pageOf(rows.map(viewOf), size, ({ id }) => cursorOf(id));
  }

  async get(caller: Principal, id: string): Promise<KeyView> {
    return viewOf(await this.#find(caller, id));
  }

  /** @throws BoopError `request.not-found` */
  async revoke(caller: Principal, id: string): Promise<void> {
    await this.#find(caller, id);
    if (!(await this.#with.store.revoke(id, this.#now()))) throw notFound();
  }

  /** A new key for the same principal; the old one works on for the overlap. @throws BoopError `request.not-found`, `request.forbidden` for a terminal's, which pairs anew */
  async rotate(caller: Principal, id: string, overlapSeconds = overlapSecondsDefault): Promise<NewKeyView> {
    const old = await this.#find(caller, id);
    if (old.role === 'terminal') throw new BoopError('request.forbidden', 'a terminal gets its key by pairing');
    const vendor = old.role === 'vendor' ? await this.#activeVendor(old.principal) : undefined;
    const key = await this.#give({ role: old.role, principal: old.principal, name: old.name, expiresAt: undefined }, vendor?.sandbox ?? false);
    await this.#with.store.endAt(id, new Date(this.#with.clock.nowMs() + overlapSeconds * 1000));
    return key;
  }

  async #give(wanted: { role: KeyRole; principal: string; name: string; expiresAt: Date | undefined }, sandbox: boolean): Promise<NewKeyView> {
    const { store, rng } = this.#with;
    if ((await store.count(wanted.role, wanted.principal, this.#now())) >= keysMax) throw new BoopError('request.conflict', `there are ${keysMax} keys already; revoke one`);
    const key = newApiKey(wanted.role, sandbox, rng);
    const row = await store.create({ ...wanted, id: `key_${toBase64Url(rng.bytes(16))}`, hash: keyHashOf(key), createdAt: this.#now() });
    return { ...viewOf(row), key };
  }

  async #activeVendor(id: string): Promise<Vendor> {
    const { vendor } = await this.#with.vendors.get(id);
    if (vendor.status === 'suspended') throw new BoopError('vendor.suspended', 'the vendor is suspended');
    return vendor;
  }

  async #find(caller: Principal, id: string): Promise<StoredKey> {
    const found = await this.#with.store.find(id, this.#now());
    const owner = ownerSeenBy(caller);
    if (!found || (owner && (found.role !== owner.role || found.principal !== owner.principal))) throw notFound();
    return found;
  }

  #now(): Date {
    return new Date(this.#with.clock.nowMs());
  }
}

const notFound = (): BoopError => new BoopError('request.not-found', 'there is no such key');

/** A vendor sees its own; admins and auditors see all. */
const ownerSeenBy = ({ role, id }: Principal): { role: KeyRole; principal: string } | undefined => (role === 'vendor' ? { role, principal: id } : undefined);

function forWhom(caller: Principal, wish: { role?: KeyRole | undefined; principal?: string | undefined }): { role: KeyRole; principal: string } {
  const { role, principal } = wish;
  if (caller.role === 'vendor') {
    if ((role ?? 'vendor') !== 'vendor' || (principal ?? caller.id) !== caller.id) throw new BoopError('request.forbidden', 'this credential may not make that key');
    return { role: 'vendor', principal: caller.id };
  }
  if (role === undefined) throw new InvalidRequest([{ pointer: '/role', detail: 'is missing' }]);
  if (principal === undefined) throw new InvalidRequest([{ pointer: '/principal', detail: 'is missing' }]);
  return { role, principal };
}

const viewOf = ({ id, role, principal, name, createdAt, expiresAt }: StoredKey): KeyView => ({ id, role, principal, name, createdAt: createdAt.toISOString(), ...(expiresAt ? { expiresAt: expiresAt.toISOString() } : {}) });
