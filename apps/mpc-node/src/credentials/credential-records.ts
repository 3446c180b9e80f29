import { credentialRequestHash, credentialStatusValues, type RegisteredCredential, type SignedCredentialStatus, verifyCredentialRequest, verifyCredentialStatus } from '@boop/identity';
import { BoopError } from '@boop/shared';
import { type Fact } from '../consents/facts.ts';

type CredentialFact = Fact & { kind: 'credential' };

/** Which credentials this network signs, and how they stand: read from the feed, whose order makes the list the same at every node. */
export class CredentialRecords {
  readonly #networkId: string;
  readonly #byIndex = new Map<number, CredentialFact>();

  constructor(networkId: string) {
    this.#networkId = networkId;
  }

  get(index: number): CredentialFact | undefined {
    return this.#byIndex.get(index);
  }

  set(fact: CredentialFact): void {
    this.#byIndex.set(fact.index, fact);
  }

  /** Judges a request. @throws BoopError `credential.*`, `owner.bad-signature`, `passkey.invalid` */
  registered({ index, ...request }: RegisteredCredential): CredentialFact {
    verifyCredentialRequest(request, { networkId: this.#networkId });
    if (this.#byIndex.has(index)) throw new BoopError('credential.index-taken', 'this place of the status list is in use');
    return { kind: 'credential', index, accountKey: request.record.accountKey, request: credentialRequestHash(request.record), status: 'valid', changedAt: request.record.issuedAt };
  }

  /** Judges a change of status: by the owner, forward in time, and never back from `invalid`. @throws BoopError `credential.*`, `owner.bad-signature`, `passkey.invalid` */
  changed(change: SignedCredentialStatus): CredentialFact {
    verifyCredentialStatus(change, { networkId: this.#networkId });
    const { index, accountKey, status, changedAt } = change.record;
    const known = this.#byIndex.get(index);
    if (known?.accountKey !== accountKey) throw new BoopError('credential.unknown', 'there is no such credential of this account');
    if (known.status === 'invalid' && status !== 'invalid') throw new BoopError('credential.revoked', 'the credential was revoked for good');
    if (changedAt < known.changedAt) throw new BoopError('credential.stale-change', 'the status was changed later already');
    return { ...known, status, changedAt };
  }

  /** All credentials of a person become invalid, and nobody's. */
  erased(accountKey: string): CredentialFact[] {
    return [...this.#byIndex.values()].filter((fact) => fact.accountKey === accountKey).map(({ kind, index, changedAt }) => ({ kind, index, status: 'invalid', changedAt }));
  }

  /** Values of the status list, one an index. */
  statuses(sizeOf: (highest: number) => number): number[] {
    const highest = Math.max(-1, ...this.#byIndex.keys());
    return Array.from({ length: sizeOf(highest) }, (_, index) => credentialStatusValues[this.#byIndex.get(index)?.status ?? 'valid']);
  }
}
