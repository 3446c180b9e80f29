import {
  type AttributeDocument,
  attributeDocumentBytes,
  attributeDocumentDomain,
  type AttributeKind,
  type AttributeRegistry,
  type AttributeValue,
  definitionOf,
  type NetworkKeys,
  type OpenedRecord,
  openReleased,
  parseValue,
  personIdOf,
  recipientKeyOf,
  recordIdOf,
  type RecordRequest,
  recordRequestBytes,
  recordRequestDomain,
  recordRequestHash,
  recoverKey,
  ReleaseFault,
  type Sealed,
  sealValue,
  type SealedPartial,
  type SealedValue,
  signedAttribute,
  type SignedRecordRequest,
} from '@boop/identity';
import { type AttributeEntry, attributeListSchema, attributePaths, attributeWrittenSchema, nextVersionSchema, recordKeySchema, recordReadSchema, recordReleasedSchema, registrySchema, type ReleaseLogEntry, releaseLogSchema } from '@boop/protocol';
import { BoopError, type Rng, toBase64Url } from '@boop/shared';
import { type z } from 'zod';
import { type ConsentsClient, createConsentsClient } from '../consents/consents-client.ts';
import { type OwnerSigner } from '../consents/owner-signer.ts';
import { type SdkPorts, systemPorts } from '../ports.ts';
import { createRestClient } from '../rest/rest-client.ts';
import { type AttributeNetwork, networkKeysOf } from './network-keys.ts';

/** A value that an issuer attests: given its document, the issuer answers with its signature. */
export interface Attestation {
  readonly issuer: { readonly id: string; readonly key: string };
  /** SHA-256 of the evidence, base64url; `verified` attributes need it. */
  readonly evidence?: string;
  /** Seconds. */
  readonly expiresAt?: number;
  attest(document: AttributeDocument, value: AttributeValue): Promise<string>;
}

export interface AttributesClient {
  registry(): Promise<AttributeRegistry>;
  /** One's own attributes, without values. */
  list(signal?: AbortSignal): Promise<AttributeEntry[]>;
  /** Who was given what, newest first. */
  releases(page?: { before?: number; limit?: number }): Promise<ReleaseLogEntry[]>;
  /** Seals a value under a key that nobody else has, and stores it as the next version. @throws BoopError `attribute.invalid-value` and what the service refuses with */
  write(attribute: string, value: unknown, attestation?: Attestation): Promise<z.infer<typeof attributeWrittenSchema>>;
  /** @throws BoopError `attribute.missing`, `attribute.tampered` */
  read(attribute: string): Promise<OpenedRecord>;
  /** All one's own values, opened here. */
  readAll(): Promise<OpenedRecord[]>;
  /** Sealed to the vendor of a consent. */
  release(input: { attribute: string; consentId: string; vendorId: string; purpose: string }): Promise<Sealed>;
}

const requestLifeSeconds = 30;
/** How often a request is made anew without the nodes that lied. */
const attemptsMax = 3;

/** A person's attributes, on the person's own device: the only place beside the recipient's where a value is in the clear. */
export function createAttributesClient(options: { gatewayUrl: string; networkId: string; signer: OwnerSigner; network: AttributeNetwork; ports?: Partial<SdkPorts> }): AttributesClient {
  const { gatewayUrl, networkId, signer } = options;
  const ports = systemPorts(options.ports);
  const keys: NetworkKeys = networkKeysOf(options.network);
  const rest = createRestClient(gatewayUrl, undefined, ports);
  const consents: Pick<ConsentsClient, 'authorization'> = createConsentsClient(options);
  const { accountKey } = signer;
  const personId = personIdOf(networkId, accountKey);
  const now = (): number => Math.floor(ports.clock.nowMs() / 1000);
  const random = (rng: Rng, size: number): string => toBase64Url(rng.bytes(size));

  const get = async <T>(path: string, schema: z.ZodType<T>, query = '', signal?: AbortSignal): Promise<T> =>
    await rest.request('GET', `${path}${query}`, { schema, signal, headers: { authorization: await consents.authorization('GET', path) }, once: true });
  const post = async <T>(path: string, body: unknown, schema: z.ZodType<T>): Promise<T> => await rest.request('POST', path, { schema, body, once: true });
  const registry = async (): Promise<AttributeRegistry> => await rest.request('GET', attributePaths.registry, { schema: registrySchema });
  const common = () => ({ v: 1, kind: 'record-request', networkId, accountKey, nonce: random(ports.rng, 16), issuedAt: now(), expiresAt: now() + requestLifeSeconds }) as const;
  const signedRequest = async (record: RecordRequest): Promise<SignedRecordRequest> => ({ record, signed: await signer.sign(recordRequestDomain, recordRequestBytes(record)) });

  /** Once more without whom the proofs name. */
  const withoutLiars = async <T>(attempt: (exclude: number[]) => Promise<T>): Promise<T> => {
    const exclude: number[] = [];
    for (let count = 1; ; count++) {
      try {
        return await attempt(exclude);
      } catch (error) {
        if (!(error instanceof ReleaseFault) || error.blame.length === 0 || count >= attemptsMax) throw error;
        exclude.push(...error.blame);
      }
    }
  };

  const sealNext = async (attribute: string, version: number, source: AttributeKind, value: AttributeValue): Promise<SealedValue> =>
    await withoutLiars(async (exclude) => {
      const recipient = await recipientKeyOf(ports.rng.bytes(32));
      const recordId = recordIdOf({ networkId, personId, attribute, version });
      const request = await signedRequest({ ...common(), action: 'write', attribute, version, recipientKey: recipient.publicKey });
      const { partials }: { partials: SealedPartial[] } = await post(attributePaths.keys, { request, exclude }, recordKeySchema);
      const { prfOutput } = await recoverKey(partials, { recordId, basis: recordRequestHash(request.record) }, recipient, keys);
      const sealed = sealValue(prfOutput, { recordId, attribute, version, source }, value, ports.rng);
      prfOutput.fill(0);
      return sealed;
    });

  const read = async (attribute: string): Promise<OpenedRecord> =>
    await withoutLiars(async (exclude) => {
      const recipient = await recipientKeyOf(ports.rng.bytes(32));
      const request = await signedRequest({ ...common(), action: 'read', attribute, recipientKey: recipient.publicKey });
      const { record } = await post(attributePaths.reads, { request, exclude }, recordReadSchema);
      const expected = record.document.recordId === recordIdOf({ networkId, personId, attribute, version: record.document.version }) && record.basis === recordRequestHash(request.record);
      if (!expected) throw new BoopError('attribute.tampered', 'another record was answered than asked for', { kind: 'peer' });
      return await openReleased(record, recipient, keys);
    });

  const list = async (signal?: AbortSignal): Promise<AttributeEntry[]> => (await get(attributePaths.list, attributeListSchema, '', signal)).attributes;

  return {
    registry,
    list,
    read,
    async releases({ before, limit = 50 } = {}) {
      const query = new URLSearchParams({ limit: String(limit), ...(before !== undefined && { before: String(before) }) });
      return (await get(attributePaths.releases, releaseLogSchema, `?${query}`)).releases;
    },
    async write(attribute, given, attestation) {
      const definition = definitionOf(await registry(), attribute);
      if (!definition) throw new BoopError('attribute.unknown', 'no such attribute is defined');
      const { source, type } = definition;
      const value = parseValue(type, given);
      const { version } = await get(attributePaths.next(attribute), nextVersionSchema);
      const { ciphertext, ciphertextHash, disclosure } = await sealNext(attribute, version, source, value);
      const recordId = recordIdOf({ networkId, personId, attribute, version });
      const { issuer, evidence, expiresAt } = attestation ?? {};
      const document: AttributeDocument = {
        v: 1, kind: 'attribute', networkId, recordId, attribute, version, source, ciphertextHash, disclosure, validFrom: now(),
        ...(expiresAt !== undefined && { expiresAt }),
        ...(issuer && { issuer }),
        ...(evidence !== undefined && { evidence }),
      };
      const attested = await attestation?.attest(document, value);
      const signed = signedAttribute(document, accountKey, await signer.sign(attributeDocumentDomain, attributeDocumentBytes(document)), attested);
      return await post(attributePaths.list, { attribute: signed, ciphertext: toBase64Url(ciphertext) }, attributeWrittenSchema);
    },
    async readAll() {
      const opened: OpenedRecord[] = [];
      for (const { document } of await list()) opened.push(await read(document.attribute));
      return opened;
    },
    async release({ attribute, consentId, vendorId, purpose }) {
      const request = await signedRequest({ ...common(), action: 'release', attribute, consentId, vendorId, purpose });
      return (await post(attributePaths.releases, { request }, recordReleasedSchema)).sealed;
    },
  };
}
