import { credentialPayload, credentialRequestHash, credentialSigningInput, personIdOf, type RegisteredCredential, statusListBits, statusListPayload, statusListSigningInput, statusListSize } from '@boop/identity';
import { opensslArithmetic as arithmetic } from '@boop/platform';
import { type credentialNodeMethods } from '@boop/protocol';
import { BoopError, type Clock, type PartyId, type Rng, toHex } from '@boop/shared';
import { commit, type SigningNonces, signShare } from '@boop/threshold';
import { StatusList } from '@sd-jwt/jwt-status-list';
import { type z } from 'zod';
import { type ConsentView } from '../consents/consent-view.ts';
import { type AttributeRecords } from '../release/attribute-records.ts';
import { byParty } from '../signing/decision-service.ts';
import { type KeyRing } from '../signing/key-ring.ts';
import { type CredentialRecords } from './credential-records.ts';

type Methods = typeof credentialNodeMethods;
type Body<M extends keyof Methods> = z.infer<Methods[M]['body']>;
type Answer<M extends keyof Methods> = z.infer<Methods[M]['answer']>;

const attemptLifeMs = 10_000;
const attemptsMax = 64;
/** How far the time of a request or a list may be from this node's clock, seconds. */
const clockSkewSeconds = 300;
const listSkewSeconds = 30;

export interface CredentialServiceInput {
  readonly networkId: string;
  readonly self: PartyId;
  readonly ring: Pick<KeyRing, 'get'>;
  readonly view: Pick<ConsentView, 'requireFresh'>;
  readonly records: Pick<AttributeRecords, 'all'>;
  readonly credentials: CredentialRecords;
  readonly clock: Clock;
  readonly rng: Rng;
}

interface Attempt {
  readonly nonces: SigningNonces;
  readonly message: Uint8Array;
  readonly expiresAtMs: number;
}

/** A node as signer of credentials and status lists. It signs only what it has built itself from the feed that it has verified: whoever asks names neither a digest nor a status. */
export class CredentialService {
  readonly #input: CredentialServiceInput;
  readonly #attempts = new Map<string, Attempt>();

  constructor(input: CredentialServiceInput) {
    this.#input = input;
  }

  /** @throws BoopError `credential.*`, `release.stale-view`, `keys.missing`, `credential.busy` (unavailable) */
  commit(body: Body<'credential.commit'>): Answer<'credential.commit'> {
    const { self, ring, view, clock, rng } = this.#input;
    view.requireFresh();
    const key = ring.get('credential');
    const message = body.what === 'credential' ? this.#credential(body, key.group.publicKey) : this.#statusList(body, key.group.publicKey);
    this.#expire();
    if (this.#attempts.size >= attemptsMax) throw new BoopError('credential.busy', 'too many signatures are under way', { kind: 'unavailable' });
    const { nonces, commitment } = commit(key, rng);
    const attempt = rng.bytes(16);
    this.#attempts.set(toHex(attempt), { nonces, message, expiresAtMs: clock.nowMs() + attemptLifeMs });
    return { party: self, attempt, commitment, message };
  }

  /** Single use. @throws BoopError `credential.unknown-attempt`, `frost.*` */
  sign({ attempt, commitments }: Body<'credential.sign'>): Answer<'credential.sign'> {
    this.#expire();
    const id = toHex(attempt);
    const known = this.#attempts.get(id);
    if (!known) throw new BoopError('credential.unknown-attempt', 'there is no such signing attempt', { kind: 'peer' });
    this.#attempts.delete(id);
    try {
      const list = byParty(commitments.map(({ party, commitment }) => ({ party, bytes: commitment })));
      return { party: this.#input.self, share: signShare(this.#input.ring.get('credential'), known.nonces, list, known.message, arithmetic) };
    } finally {
      known.nonces.discard();
    }
  }

  #credential({ credential, issuer }: { credential: RegisteredCredential; issuer: string }, publicKey: Uint8Array): Uint8Array {
    const { networkId, records, credentials, clock } = this.#input;
    const { index, record } = credential;
    const known = credentials.get(index);
    if (known?.request === undefined || known.request !== credentialRequestHash(record) || known.accountKey !== record.accountKey) throw new BoopError('credential.unknown', 'this node has not heard of such a request', { kind: 'unavailable' });
    if (known.status !== 'valid') throw new BoopError('credential.revoked', 'the credential was revoked');
    if (Math.abs(record.issuedAt - clock.nowMs() / 1000) > clockSkewSeconds) throw new BoopError('credential.stale-request', 'the request was signed too long ago, or the clock of the device is wrong');
    const documents = records.all(personIdOf(networkId, record.accountKey)).map(({ document }) => document);
    return credentialSigningInput(credentialPayload({ issuer, request: record, index, documents }), publicKey);
  }

  #statusList({ issuer, iat }: { issuer: string; iat: number }, publicKey: Uint8Array): Uint8Array {
    const { credentials, clock } = this.#input;
    if (Math.abs(iat - clock.nowMs() / 1000) > listSkewSeconds) throw new BoopError('credential.stale-request', 'the time of the list is not now');
    const lst = new StatusList(credentials.statuses(statusListSize), statusListBits).compressStatusList();
    return statusListSigningInput(statusListPayload({ issuer, iat, lst }), publicKey);
  }

  #expire(): void {
    const nowMs = this.#input.clock.nowMs();
    for (const [id, { nonces, expiresAtMs }] of this.#attempts) {
      if (expiresAtMs > nowMs) continue;
      nonces.discard();
      this.#attempts.delete(id);
    }
  }
}
