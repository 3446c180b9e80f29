import { ed25519 } from '@noble/curves/ed25519.js';
import { type CredentialRequest, credentialRequestBytes, credentialRequestDomain, type CredentialStatus, credentialStatusBytes, type CredentialStatusChange, credentialStatusDomain, disclosureDigest, type HolderKey } from '@boop/identity';
import { credentialEntrySchema, credentialListSchema, credentialsPath, issuedCredentialSchema } from '@boop/protocol';
import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from '@boop/shared';
import { z } from 'zod';
import { type ConsentsClient } from '../consents/consents-client.ts';
import { type OwnerSigner } from '../consents/owner-signer.ts';
import { sdkError } from '../errors.ts';
import { type SdkPorts, systemPorts } from '../ports.ts';
import { createRestClient } from '../rest/rest-client.ts';

export interface IssueInput {
  /** Newest versions, with the disclosures that the device decrypted; these are not sent. */
  readonly attributes: readonly { readonly attribute: string; readonly version: number; readonly disclosure: string }[];
  /** Presentations are bound to it. */
  readonly holderKey: HolderKey;
  /** Seconds; at most 90 days from now. */
  readonly expiresAt: number;
}

export interface HeldCredential {
  /** Place in the status list. */
  readonly index: number;
  /** `<issuer-signed JWT>~<disclosure>~…~`, for `presentCredential`. */
  readonly credential: string;
  readonly expiresAt: number;
}

export interface CredentialsClient {
  /** @throws BoopError `credential.*`, `mpc.nodes-unavailable`, `response.malformed` when the answer is not what was asked for */
  issue(input: IssueInput, signal?: AbortSignal): Promise<HeldCredential>;
  list(signal?: AbortSignal): Promise<z.infer<typeof credentialListSchema>['credentials']>;
  setStatus(index: number, status: CredentialStatus, signal?: AbortSignal): Promise<z.infer<typeof credentialEntrySchema>>;
}

const digests = z.object({ _sd: z.array(z.string()) });
const payloadSchema = z.object({ attested: digests, self_asserted: digests, cnf: z.object({ jwk: z.unknown() }) });

/**
 * A person's credentials.
 * @param options.credentialKey public group key `credential` of the network, 32 bytes, base64url, as the pinned network names it
 */
export function createCredentialsClient(options: { gatewayUrl: string; networkId: string; signer: OwnerSigner; credentialKey: string; authorization: ConsentsClient['authorization']; ports?: Partial<SdkPorts> }): CredentialsClient {
  const { networkId, signer, credentialKey, authorization } = options;
  const ports = systemPorts(options.ports);
  const rest = createRestClient(options.gatewayUrl, undefined, ports);
  const now = (): number => Math.floor(ports.clock.nowMs() / 1000);
  const common = { v: 1, networkId, accountKey: signer.accountKey } as const;
  return {
    async issue({ attributes, holderKey, expiresAt }, signal) {
      const record: CredentialRequest = {
        ...common, kind: 'credential-request', holderKey, attributes: attributes.map(({ attribute, version }) => ({ attribute, version })), issuedAt: now(), expiresAt, nonce: toBase64Url(ports.rng.bytes(32)),
      };
      const request = { record, signed: await signer.sign(credentialRequestDomain, credentialRequestBytes(record)) };
      const issued = await rest.request('POST', credentialsPath, { schema: issuedCredentialSchema, body: { request }, idempotent: true, signal });
      checkIssued(issued.credential, { credentialKey, holderKey, disclosures: attributes.map(({ disclosure }) => disclosure) });
      return { index: issued.index, credential: `${[issued.credential, ...attributes.map(({ disclosure }) => disclosure)].join('~')}~`, expiresAt: issued.expiresAt };
    },
    list: async (signal) => (await rest.request('GET', credentialsPath, { schema: credentialListSchema, signal, once: true, headers: { authorization: await authorization('GET', credentialsPath) } })).credentials,
    async setStatus(index, status, signal) {
      const record: CredentialStatusChange = { ...common, kind: 'credential-status', index, status, changedAt: now(), nonce: toBase64Url(ports.rng.bytes(16)) };
      const change = { record, signed: await signer.sign(credentialStatusDomain, credentialStatusBytes(record)) };
      return await rest.request('POST', `${credentialsPath}/${index}/status`, { schema: credentialEntrySchema, body: { change }, idempotent: true, signal });
    },
  };
}

/** The nodes signed it, it is bound to the holder's key, and it holds every digest that was asked for. */
function checkIssued(jwt: string, expected: { credentialKey: string; holderKey: HolderKey; disclosures: readonly string[] }): void {
  const at = jwt.lastIndexOf('.');
  const parsed = payloadSchema.safeParse(jsonOf(jwt.split('.')[1]));
  const sealed = parsed.success && new Set([...parsed.data.attested._sd, ...parsed.data.self_asserted._sd]);
  const bound = parsed.success && JSON.stringify(sorted(parsed.data.cnf.jwk)) === JSON.stringify(sorted(expected.holderKey));
  const complete = sealed && expected.disclosures.every((disclosure) => sealed.has(disclosureDigest(disclosure)));
  if (!bound || !complete || !isSigned(jwt.slice(at + 1), jwt.slice(0, at), expected.credentialKey)) throw sdkError('response.malformed', { kind: 'peer' });
}

const sorted = (key: unknown): [string, unknown][] => Object.entries(key as object).sort(([a], [b]) => (a < b ? -1 : 1));

function jsonOf(part: string | undefined): unknown {
  try {
    return JSON.parse(fromUtf8(fromBase64Url(part ?? '')));
  } catch {
    return undefined;
  }
}

function isSigned(signature: string, input: string, key: string): boolean {
  try {
    return ed25519.verify(fromBase64Url(signature), utf8(input), fromBase64Url(key), { zip215: false });
  } catch {
    return false;
  }
}
