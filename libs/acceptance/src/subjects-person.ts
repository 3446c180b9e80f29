import { ownerAuthorization, type OwnerCall, ownerCallBytes, ownerCallDomain, type Position, signAsOwner, signedOwnerCall, SigningKey } from '@boop/identity';
import { type PalmErasure, palmErasureBytes, palmErasureDomain, type RegistrationReceipt, type Subject, type SubjectExport, type SubjectOrder, subjectOrderBytes, subjectOrderDomain, subjectPaths, type SubjectReceipt } from '@boop/protocol';
import { createRegistrationClient, pinOf, systemRng } from '@boop/sdk';
import { BoopError, toBase64Url } from '@boop/shared';
import { type RunningNetwork } from './network-harness.ts';

/** A person with an account key, who asks the gateway about themselves by requests that they sign. */
export class AccountHolder {
  readonly #network: RunningNetwork;
  readonly #key = SigningKey.generate(systemRng);

  constructor(network: RunningNetwork) {
    this.#network = network;
  }

  get accountKey(): string {
    return this.#key.publicKey;
  }

  async register(positions: { readonly [position in Position]?: readonly Uint8Array[] }): Promise<void> {
    const client = createRegistrationClient({ bridgeUrl: this.#network.bridgeUrl, pin: pinOf(this.#network.manifest) });
    await client.register({ accountKey: this.#key, positions, onConsent: () => Promise.resolve(true) });
  }

  /** Anew, in the place of what stands, in a session of one's own by REST. */
  async renew(positions: { readonly [position in Position]?: readonly Uint8Array[] }): Promise<RegistrationReceipt> {
    const { split } = (await this.export()).record.registrations.find(({ erased }) => !erased)!;
    const client = createRegistrationClient({ gatewayUrl: this.#network.gatewayUrl, pin: pinOf(this.#network.manifest) });
    return await client.register({ accountKey: this.#key, positions, renews: split, onConsent: () => Promise.resolve(true) });
  }

  async status(): Promise<Subject> {
    return (await this.#read(subjectPaths.me)) as Subject;
  }

  async export(): Promise<SubjectExport> {
    return (await this.#read(subjectPaths.export)) as SubjectExport;
  }

  async order(action: SubjectOrder['action']): Promise<SubjectReceipt> {
    const record: SubjectOrder = { ...this.#common(), kind: 'subject-order', action };
    return (await this.#ask('POST', `/v1/subjects/${action}`, { order: { record, signed: signAsOwner(subjectOrderDomain, subjectOrderBytes(record), this.#key) } })) as SubjectReceipt;
  }

  async erase(): Promise<SubjectReceipt> {
    const record: PalmErasure = { ...this.#common(), kind: 'palm-erasure' };
    return (await this.#ask('POST', '/v1/subjects/erase', { request: { record, signed: signAsOwner(palmErasureDomain, palmErasureBytes(record), this.#key) } })) as SubjectReceipt;
  }

  #common() {
    return { v: 1, networkId: this.#network.manifest.networkId, accountKey: this.accountKey, requestedAt: Math.floor(Date.now() / 1000), nonce: toBase64Url(systemRng.bytes(32)) } as const;
  }

  async #read(path: string): Promise<unknown> {
    const record: OwnerCall = { v: 1, kind: 'owner-call', networkId: this.#network.manifest.networkId, accountKey: this.accountKey, method: 'GET', path, issuedAt: Math.floor(Date.now() / 1000), nonce: toBase64Url(systemRng.bytes(16)) };
    return await this.#ask('GET', path, undefined, ownerAuthorization(signedOwnerCall(record, signAsOwner(ownerCallDomain, ownerCallBytes(record), this.#key))));
  }

  async #ask(method: string, path: string, body?: unknown, authorization?: string): Promise<unknown> {
    return await askGateway(this.#network, method, path, body, authorization);
  }
}

/** @throws BoopError with the problem's code */
export async function askGateway(network: RunningNetwork, method: string, path: string, body?: unknown, authorization?: string): Promise<unknown> {
  const response = await fetch(`${network.gatewayUrl}${path}`, {
    method,
    headers: { ...(authorization === undefined ? {} : { authorization }), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body: body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
  const answer = (await response.json()) as { code?: string };
  if (!response.ok) throw new BoopError(answer.code ?? 'service.internal', `${method} ${path}: ${response.status}`);
  return answer;
}
