import { assembleToken, credentialEnd, type FeedDocument, type SignedCredentialRequest, type SignedCredentialStatus, statusListTtlSeconds, verifyCredentialRequest, verifyCredentialStatus } from '@boop/identity';
import { BoopError, type Clock } from '@boop/shared';
import { type CredentialEntry, type CredentialStore } from './credential-store.ts';
import { type FrostCoordinator } from './frost-coordinator.ts';

/** How far the time of a request may be from this service's clock, seconds. */
const requestSkewSeconds = 300;
const listedMax = 1_000;

export interface CredentialServiceOptions {
  readonly networkId: string;
  readonly store: CredentialStore;
  readonly feed: { publish(document: FeedDocument): Promise<unknown> };
  readonly signer: Pick<FrostCoordinator, 'sign'>;
  readonly clock: Clock;
}

/** Credentials that the nodes sign for their owners. No value passes here: a credential holds salted digests, and what opens them stays on the device. */
export class CredentialService {
  readonly #use: CredentialServiceOptions;
  readonly #lists = new Map<string, { readonly token: Promise<string>; readonly untilS: number }>();

  constructor(options: CredentialServiceOptions) {
    this.#use = options;
  }

  /**
   * @returns the issuer-signed JWT, without disclosures
   * @throws BoopError `credential.*`, `owner.bad-signature`, `passkey.invalid`, `mpc.nodes-unavailable`
   */
  async issue(request: SignedCredentialRequest, issuer: string): Promise<{ index: number; credential: string; expiresAt: number }> {
    const { networkId, store, feed, signer } = this.#use;
    verifyCredentialRequest(request, { networkId });
    const { record } = request;
    if (Math.abs(record.issuedAt - this.#now()) > requestSkewSeconds) throw new BoopError('credential.stale-request', 'the request was signed too long ago, or the clock of the device is wrong');
    const index = await store.place(record, record.expiresAt);
    const credential = { ...request, index };
    await feed.publish({ type: 'credential', document: credential });
    const { message, signature } = await signer.sign({ what: 'credential', credential, issuer });
    const token = assembleToken(message, signature);
    return { index, credential: token, expiresAt: credentialEnd(token) };
  }

  /** When it resolves no list that is signed from now on says otherwise. @throws BoopError `credential.*`, `owner.bad-signature`, `passkey.invalid`, `request.not-found`, `mpc.nodes-unavailable` */
  async changeStatus(change: SignedCredentialStatus): Promise<CredentialEntry> {
    const { networkId, store, feed } = this.#use;
    verifyCredentialStatus(change, { networkId });
    const { accountKey, index, status } = change.record;
    const known = await store.find(accountKey, index);
    if (!known) throw new BoopError('request.not-found', 'there is no such credential');
    await feed.publish({ type: 'credential-status', document: change });
    await store.setStatus(index, status);
    this.#lists.clear();
    return { ...known, status };
  }

  list(accountKey: string): Promise<CredentialEntry[]> {
    return this.#use.store.list(accountKey, listedMax);
  }

  /** The status list as the nodes signed it, at most half its ttl old. @throws BoopError `mpc.nodes-unavailable` */
  async statusList(issuer: string): Promise<string> {
    const now = this.#now();
    const cached = this.#lists.get(issuer);
    if (cached && now < cached.untilS) return await cached.token;
    const token = this.#use.signer.sign({ what: 'status-list', issuer, iat: now }).then(({ message, signature }) => assembleToken(message, signature));
    const entry = { token, untilS: now + statusListTtlSeconds / 2 };
    this.#lists.clear();
    this.#lists.set(issuer, entry);
    token.catch(() => this.#lists.get(issuer) === entry && this.#lists.delete(issuer));
    return await token;
  }

  /** After the nodes have forgotten the account. */
  async forget(accountKey: string): Promise<void> {
    await this.#use.store.erase(accountKey);
    this.#lists.clear();
  }

  #now(): number {
    return Math.floor(this.#use.clock.nowMs() / 1000);
  }
}
