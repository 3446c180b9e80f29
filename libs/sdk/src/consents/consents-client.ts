import {
  type ConsentGrant, consentGrantBytes, consentGrantDomain, consentGrantHash, type ConsentRevocation, consentRevocationBytes, consentRevocationDomain, type ErasureRequest, erasureRequestBytes, erasureRequestDomain, type OwnerCall, ownerAuthorization, ownerCallBytes, ownerCallDomain, type PurposeText,
} from '@boop/identity';
import { type Consent, consentListSchema, consentPaths, type ConsentReceipt, consentReceiptsSchema, consentSchema, erasedSchema, purposeTextsSchema } from '@boop/protocol';
import { type Rng, toBase64Url } from '@boop/shared';
import { type z } from 'zod';
import { sdkError } from '../errors.ts';
import { type SdkPorts, systemPorts } from '../ports.ts';
import { createRestClient } from '../rest/rest-client.ts';
import { delay } from '../waiting.ts';
import { type OwnerSigner } from './owner-signer.ts';

export interface GiveConsentInput {
  readonly vendorId: string;
  /** The vendor's HPKE key, to which what is released is sealed; 32 bytes, base64url. */
  readonly recipientKey: string;
  /** The published text that the person was shown. */
  readonly text: PurposeText & { readonly hash: string };
  readonly attributes: ConsentGrant['attributes'];
  /** Seconds. */
  readonly expiresAt: number;
  /** Changes this consent instead of giving a new one. */
  readonly instead?: Consent;
}

export interface WaitForReceipts {
  /** How long to wait until a checkpoint includes all entries, milliseconds; 0 asks once. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

/** A person's consents; the person's device signs everything. */
export interface ConsentsClient {
  texts(signal?: AbortSignal): Promise<z.infer<typeof purposeTextsSchema>['texts']>;
  /** @throws BoopError `mpc.nodes-unavailable`: stored, and it counts once the nodes know */
  give(input: GiveConsentInput, signal?: AbortSignal): Promise<Consent>;
  /** When it resolves nothing is released under the consent any more. @throws BoopError `mpc.nodes-unavailable`: ask again */
  revoke(consent: Consent, signal?: AbortSignal): Promise<Consent>;
  /** All pages. */
  list(filter?: { status?: Consent['status']; signal?: AbortSignal }): Promise<Consent[]>;
  get(consentId: string, signal?: AbortSignal): Promise<Consent>;
  /** For `verifyConsentReceipt`. @throws BoopError `wait.timeout` when no checkpoint includes an entry in time */
  receipts(consentId: string, options?: WaitForReceipts): Promise<ConsentReceipt[]>;
  /** Deletes values, keys, consents and openings of this account. */
  erase(signal?: AbortSignal): Promise<z.infer<typeof erasedSchema>>;
  /** `Authorization` of a request that this account signs, for one method and path, once. */
  authorization(method: OwnerCall['method'], path: string): Promise<string>;
}

const pollMs = 500;
const pageSize = 100;
const random = (rng: Rng, size: number): string => toBase64Url(rng.bytes(size));

export function createConsentsClient(options: { gatewayUrl: string; networkId: string; signer: OwnerSigner; ports?: Partial<SdkPorts> }): ConsentsClient {
  const { networkId, signer } = options;
  const ports = systemPorts(options.ports);
  const { rng } = ports;
  const rest = createRestClient(options.gatewayUrl, undefined, ports);
  const now = (): number => Math.floor(ports.clock.nowMs() / 1000);
  const common = { v: 1, networkId, accountKey: signer.accountKey } as const;

  const authorization = async (method: OwnerCall['method'], path: string): Promise<string> => {
    const record: OwnerCall = { ...common, kind: 'owner-call', method, path, issuedAt: now(), nonce: random(rng, 16) };
    return ownerAuthorization({ record, signed: await signer.sign(ownerCallDomain, ownerCallBytes(record)) });
  };
  /** A signature is good for one request, so a lost connection takes a new one. */
  const read = async <T>(path: string, schema: z.ZodType<T>, query = '', signal?: AbortSignal): Promise<T> => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await rest.request('GET', `${path}${query}`, { schema, signal, headers: { authorization: await authorization('GET', path) }, once: true });
      } catch (error) {
        if (attempt >= 2 || (error as { code?: unknown }).code !== 'connection.lost') throw error;
        await delay(100 * 2 ** attempt, signal);
      }
    }
  };

  return {
    authorization,
    texts: async (signal) => (await rest.request('GET', '/v1/consent-texts', { schema: purposeTextsSchema, signal })).texts,
    async give({ vendorId, recipientKey, text, attributes, expiresAt, instead }, signal) {
      const previous = instead ? { previous: consentGrantHash(instead.grant.record) } : {};
      const { purpose, version: textVersion, hash: textHash } = text;
      const at = now();
      const record: ConsentGrant = {
        ...common, kind: 'consent-grant', consentId: instead?.consentId ?? `c${random(rng, 16)}`, vendorId, recipientKey, purpose, textVersion, textHash, attributes, givenAt: at, validFrom: at, expiresAt, nonce: random(rng, 32), ...previous,
      };
      const grant = { record, signed: await signer.sign(consentGrantDomain, consentGrantBytes(record)) };
      return await rest.request('POST', '/v1/consents', { schema: consentSchema, body: { grant }, idempotent: true, signal });
    },
    async revoke({ consentId, grant }, signal) {
      const record: ConsentRevocation = { ...common, kind: 'consent-revocation', consentId, grant: consentGrantHash(grant.record), revokedAt: now(), nonce: random(rng, 32) };
      const revocation = { record, signed: await signer.sign(consentRevocationDomain, consentRevocationBytes(record)) };
      return await rest.request('POST', `/v1/consents/${consentId}/revoke`, { schema: consentSchema, body: { revocation }, idempotent: true, signal });
    },
    async list({ status, signal } = {}) {
      const all: Consent[] = [];
      for (let cursor: string | undefined; ; ) {
        const query = new URLSearchParams({ limit: String(pageSize), ...(status ? { status } : {}), ...(cursor === undefined ? {} : { cursor }) });
        const { consents, nextCursor } = await read(consentPaths.list, consentListSchema, `?${query}`, signal);
        all.push(...consents);
        if (nextCursor === undefined) return all;
        cursor = nextCursor;
      }
    },
    get: (consentId, signal) => read(consentPaths.one(consentId), consentSchema, '', signal),
    async receipts(consentId, { waitMs = 0, signal } = {}) {
      const deadline = ports.clock.nowMs() + waitMs;
      for (;;) {
        const { receipts } = await read(consentPaths.receipts(consentId), consentReceiptsSchema, '', signal);
        const complete = receipts.flatMap(({ proof, logEntry: _, ...rest }) => (proof ? [{ ...rest, proof }] : []));
        if (complete.length === receipts.length) return complete;
        if (ports.clock.nowMs() + pollMs > deadline) throw sdkError('wait.timeout', { kind: 'unavailable', retryAllowed: true });
        await delay(pollMs, signal);
      }
    },
    async erase(signal) {
      const record: ErasureRequest = { ...common, kind: 'erasure-request', scope: 'attributes-and-consents', requestedAt: now(), nonce: random(rng, 32) };
      const request = { record, signed: await signer.sign(erasureRequestDomain, erasureRequestBytes(record)) };
      return await rest.request('POST', '/v1/erasures', { schema: erasedSchema, body: { request }, idempotent: true, signal });
    },
  };
}
