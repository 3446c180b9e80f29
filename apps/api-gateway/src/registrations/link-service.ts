import { positions as allPositions, type SigningKey } from '@boop/identity';
import { type CreateRegistration, type Principal, type Registration, registrationLinkOf } from '@boop/protocol';
import { BoopError, type Clock, type Rng } from '@boop/shared';
import { newId } from '../domain/authentication-request.ts';
import { type DirectoryStore, type RegistrationStore } from '../services/ports.ts';
import { type RateLimits } from '../services/rate-limit.ts';
import { type RegistrationService } from '../services/registration-service.ts';
import { type RegistrationLinkStore } from './link-store.ts';
import { type RegistrationQuery } from './registration-list.ts';
import { linkLifeMs, linkSecret, linkView, type RegistrationLink, secretHashOf } from './registration-link.ts';

const linksPerMinute = 600;

export interface LinkDependencies {
  readonly links: RegistrationLinkStore;
  readonly sessions: Pick<RegistrationStore, 'find' | 'findAll'>;
  readonly registrations: Pick<RegistrationService, 'cancel'>;
  readonly directory: Pick<DirectoryStore, 'vendor'>;
  readonly limits: RateLimits;
  readonly key: SigningKey;
  /** Address of the console, where links lead. */
  readonly console: string;
  readonly clock: Clock;
  readonly rng: Rng;
}

/** Registrations that a vendor or an admin asks somebody for. Another's is not found. */
export class RegistrationLinks {
  readonly #with: LinkDependencies;
  constructor(dependencies: LinkDependencies) {
    this.#with = dependencies;
  }

  /** @throws BoopError `vendor.suspended`, `request.rate-limited` */
  async create(creator: Principal, { positions, locale }: CreateRegistration): Promise<Registration> {
    const { links, directory, limits, key, clock, rng } = this.#with;
    if (creator.role === 'vendor' && (await directory.vendor(creator.id))?.suspended === true) throw new BoopError('vendor.suspended', 'the vendor is suspended');
    await limits.take(`registration-links/${creator.role}/${creator.id}`, linksPerMinute);
    const nowMs = clock.nowMs();
    const id = newId('reg', rng);
    const link: RegistrationLink = {
      id,
      creator: { role: creator.role, id: creator.id },
      secretHash: secretHashOf(linkSecret(key, id)),
      positions: allPositions.filter((position) => positions?.includes(position) ?? true),
      ...(locale === undefined ? {} : { locale }),
      createdAtMs: nowMs,
      expiresAtMs: nowMs + linkLifeMs,
    };
    await links.create(link);
    return linkView(link, undefined, nowMs);
  }

  /** Where the person goes. */
  linkOf({ id, positions }: Pick<Registration, 'id' | 'positions'>): string {
    return registrationLinkOf(this.#with.console, { registrationId: id, secret: linkSecret(this.#with.key, id), positions });
  }

  /** @throws BoopError `request.not-found` */
  async get(caller: Principal, id: string): Promise<Registration> {
    return await this.#view(await this.#find(caller, id));
  }

  /**
   * What the caller asked for, or, for an admin, a vendor; newest first.
   * @throws BoopError `request.forbidden` when a vendor asks for another's
   */
  async list(caller: Principal, vendorId: string | undefined, query: RegistrationQuery, limit: number): Promise<{ registration: Registration; createdAtMs: number }[]> {
    const creator = vendorId === undefined ? caller : ({ role: 'vendor', id: vendorId } as const);
    if (caller.role === 'vendor' && creator.id !== caller.id) throw new BoopError('request.forbidden', 'a vendor lists its own registrations');
    const { links, sessions, clock } = this.#with;
    const nowMs = clock.nowMs();
    const found = await links.list(creator, query, nowMs, limit);
    const opened = new Map((await sessions.findAll(found.flatMap(({ id, openedAtMs }) => (openedAtMs === undefined ? [] : id)))).map((record) => [record.id, record]));
    return found.map((link) => ({ registration: linkView(link, opened.get(link.id), nowMs), createdAtMs: link.createdAtMs }));
  }

  /** Cancels the link, or the session that it opened; again changes nothing. @throws BoopError `request.not-found`, `request.conflict`, `context.*` */
  async cancel(caller: Principal, id: string): Promise<Registration> {
    const { links, registrations, clock } = this.#with;
    const link = await this.#find(caller, id);
    if (!(await links.end(link, 'cancelled', clock.nowMs()))) {
      const now = await this.#find(caller, id);
      if (now.endedAs === 'expired') throw new BoopError('context.expired', 'the registration link has expired');
      if (now.openedAtMs !== undefined) await registrations.cancel(id);
    }
    return await this.get(caller, id);
  }

  async expireDue(): Promise<void> {
    const nowMs = this.#with.clock.nowMs();
    for (const link of await this.#with.links.due(nowMs, 100)) await this.#with.links.end(link, 'expired', nowMs);
  }

  async #view(link: RegistrationLink): Promise<Registration> {
    const session = link.openedAtMs === undefined ? undefined : await this.#with.sessions.find(link.id);
    return linkView(link, session?.record, this.#with.clock.nowMs());
  }

  async #find({ role, id: caller }: Principal, id: string): Promise<RegistrationLink> {
    const link = await this.#with.links.find(id);
    if (link?.creator.role !== role || link.creator.id !== caller) throw new BoopError('request.not-found', 'there is no such registration');
    return link;
  }
}
