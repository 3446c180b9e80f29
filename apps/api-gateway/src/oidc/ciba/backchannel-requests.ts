import { type Clock } from '@boop/shared';
import { type Database, isUniqueViolation } from '../../store/database.ts';
import { seal, unseal } from '../artifacts/sealed-box.ts';
import { type OidcSecrets } from '../oidc-secrets.ts';

export interface WaitingRequest {
  readonly vendorId: string;
  readonly contextId: string;
  /** Its `auth_req_id`. */
  readonly requestId: string;
}

/** Backchannel requests and the contexts that answer them, one each. */
export class BackchannelRequests {
  readonly #database: Database;
  readonly #secrets: OidcSecrets;
  readonly #clock: Clock;

  constructor(use: { database: Database; secrets: OidcSecrets; clock: Clock }) {
    this.#database = use.database;
    this.#secrets = use.secrets;
    this.#clock = use.clock;
  }

  /** @returns false, and changes nothing, when the context answers another request */
  async add({ vendorId, contextId, requestId }: WaitingRequest, expiresAtMs: number): Promise<boolean> {
    const request = seal(this.#secrets.sealingKey, `backchannel ${vendorId} ${contextId}`, requestId);
    try {
      await this.#database.oidcBackchannelRequest.create({ data: { vendorId, contextId, request, expiresAt: new Date(expiresAtMs) } });
      return true;
    } catch (error) {
      if (isUniqueViolation(error)) return false;
      throw error;
    }
  }

  /** Whether a context answers a request already. */
  async has(vendorId: string, contextId: string): Promise<boolean> {
    return (await this.#database.oidcBackchannelRequest.count({ where: { vendorId, contextId } })) > 0;
  }

  async waiting(limit: number): Promise<WaitingRequest[]> {
    const rows = await this.#database.oidcBackchannelRequest.findMany({ where: { settledAt: null, expiresAt: { gt: new Date(this.#clock.nowMs()) } }, orderBy: { expiresAt: 'asc' }, take: limit });
    return rows.flatMap(({ vendorId, contextId, request }) => {
      const requestId = unseal(this.#secrets.sealingKey, `backchannel ${vendorId} ${contextId}`, request);
      return requestId === undefined ? [] : [{ vendorId, contextId, requestId }];
    });
  }

  /** Takes a request to settle it. @returns false when another gateway has it */
  async take({ vendorId, contextId }: WaitingRequest): Promise<boolean> {
    const { count } = await this.#database.oidcBackchannelRequest.updateMany({ where: { vendorId, contextId, settledAt: null }, data: { settledAt: new Date(this.#clock.nowMs()) } });
    return count === 1;
  }

  /** Puts a request back that could not be settled. */
  async putBack({ vendorId, contextId }: WaitingRequest): Promise<void> {
    await this.#database.oidcBackchannelRequest.updateMany({ where: { vendorId, contextId }, data: { settledAt: null } });
  }
}
