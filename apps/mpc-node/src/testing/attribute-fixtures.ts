import {
  type AttributeDocument,
  attributeDocumentHash,
  type AttributeKind,
  type AttributeValue,
  type ConsentGrant,
  emptyFeedDigest,
  type FeedDocument,
  grantConsent,
  type NetworkKeys,
  nextFeedDigest,
  personIdOf,
  recipientKeyOf,
  recordIdOf,
  type RecordRequest,
  recordRequestHash,
  recoverKey,
  requestRecord,
  type RecipientKey,
  sealValue,
  signAttribute,
  type SignedGrant,
  type SigningKey,
} from '@boop/identity';
import { type StoredRecord } from '@boop/protocol';
import { type PartyId, toBase64Url } from '@boop/shared';
import { prfCombine, prfCombineUnproven } from '@boop/threshold';
import { createPublicKey, verify } from 'node:crypto';
import { type RecordStorage } from '../release/release-leader.ts';
import { consentText } from './fixtures.ts';
import { type MemoryNetwork } from './memory-network.ts';

/** The attributes service of a test: the feed, and what is stored, without a database or a check of its own. */
export class AttributeSide {
  readonly #network: MemoryNetwork;
  readonly #feed: FeedDocument[] = [];
  readonly records = new Map<string, StoredRecord>();

  constructor(network: MemoryNetwork) {
    this.#network = network;
    network.storage = this.storage;
  }

  readonly storage: RecordStorage = {
    open: async (grants) => grants.map(([first]) => this.records.get(first!.grant.document)!),
  };

  get head(): { seq: number; digest: string } {
    return { seq: this.#feed.length, digest: this.#feed.reduce((digest, document) => nextFeedDigest(digest, document), emptyFeedDigest) };
  }

  /** @returns what each node that heard of it said */
  async publish(document: FeedDocument, parties: readonly number[] = [...this.#network.nodes.keys()]): Promise<(string | undefined)[]> {
    this.#feed.push(document);
    return await Promise.all(parties.map(async (party) => (await this.deliver(party)).at(-1)));
  }

  /** Gives a node what it lacks. @returns codes of what it refused */
  async deliver(party: number): Promise<(string | undefined)[]> {
    const { feed } = this.#network.node(party).release;
    const documents = this.#feed.slice(feed.head.seq);
    if (documents.length === 0) return [];
    const { outcomes } = await feed.apply({ after: feed.head.seq, documents });
    this.beat([party]);
    return outcomes.map((outcome) => ('refused' in outcome ? outcome.refused : undefined));
  }

  beat(parties: readonly number[] = [...this.#network.nodes.keys()], timeMs = this.#network.clock.nowMs()): void {
    for (const party of parties) this.#network.node(party).release.feed.heartbeat({ ...this.head, timeMs });
  }
}

/** A person's device. */
export class Owner {
  readonly key: SigningKey;
  readonly #network: MemoryNetwork;
  readonly #side: AttributeSide;

  constructor(key: SigningKey, network: MemoryNetwork, side: AttributeSide) {
    this.key = key;
    this.#network = network;
    this.#side = side;
  }

  get networkKeys(): NetworkKeys {
    const { members, threshold } = this.#network.manifest;
    const { group } = this.#network.node([...this.#network.nodes.keys()][0]!).ring.get('attributes');
    return {
      needed: 2 * threshold + 1,
      verifyNode: (party, bytes, signature) => verify(null, bytes, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: members[party - 1]!.identityKey }, format: 'jwk' }), signature),
      combine: (input, partials) => prfCombine(group, input, partials as ReadonlyMap<PartyId, Uint8Array>),
      combineUnproven: (input, partials) => prfCombineUnproven(group, input, partials as ReadonlyMap<PartyId, Uint8Array>),
    };
  }

  request(input: { action: 'write'; version: number; recipientKey: string } | { action: 'read'; recipientKey: string } | { action: 'release'; consentId: string; vendorId: string; purpose: string }, attribute: string, changes: Partial<RecordRequest> = {}) {
    const now = Math.floor(this.#network.clock.nowMs() / 1000);
    const { networkId } = this.#network.manifest;
    return requestRecord({ v: 1, kind: 'record-request', networkId, accountKey: this.key.publicKey, attribute, nonce: toBase64Url(this.#network.rng.bytes(16)), issuedAt: now, expiresAt: now + 30, ...input, ...changes } as RecordRequest, this.key);
  }

  /** Seals and stores a value at all nodes. */
  async write(attribute: string, value: AttributeValue, version = 1, changes: Partial<AttributeDocument> = {}, source: AttributeKind = 'user'): Promise<(string | undefined)[]> {
    const { networkId } = this.#network.manifest;
    const recordId = recordIdOf({ networkId, personId: personIdOf(networkId, this.key.publicKey), attribute, version });
    const recipient = await recipientKeyOf(this.#network.rng.bytes(32));
    const request = this.request({ action: 'write', version, recipientKey: recipient.publicKey }, attribute);
    const answers = await Promise.all([...this.#network.nodes.values()].map(({ release }) => release.releases.evaluate(request)));
    const { prfOutput } = await recoverKey(answers.map(({ partial }) => partial), { recordId, basis: recordRequestHash(request.record) }, recipient, this.networkKeys);
    const sealed = sealValue(prfOutput, { recordId, attribute, version, source }, value, this.#network.rng);
    const { ciphertextHash, disclosure } = sealed;
    const document: AttributeDocument = { v: 1, kind: 'attribute', networkId, recordId, attribute, version, source, ciphertextHash, disclosure, validFrom: request.record.issuedAt, ...changes };
    this.#side.records.set(attributeDocumentHash(document), { document, ciphertext: toBase64Url(sealed.ciphertext) });
    return await this.#side.publish({ type: 'attribute', document: signAttribute(document, this.key) });
  }

  grant(recipient: RecipientKey, attributes: ConsentGrant['attributes'], changes: Partial<ConsentGrant> = {}): SignedGrant {
    const now = Math.floor(this.#network.clock.nowMs() / 1000);
    const random = (size: number): string => toBase64Url(this.#network.rng.bytes(size));
    return grantConsent(
      {
        v: 1, kind: 'consent-grant', networkId: this.#network.manifest.networkId, consentId: `c${random(9).replaceAll(/[-_]/g, 'x')}`, accountKey: this.key.publicKey, vendorId: 'vendor-1', recipientKey: recipient.publicKey, purpose: 'access', textVersion: consentText.version,
        textHash: random(32), attributes, givenAt: now, validFrom: now, expiresAt: now + 3_600, nonce: random(32), ...changes,
      },
      this.key,
    );
  }
}

