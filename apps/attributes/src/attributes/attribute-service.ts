import {
  attributeCommitment,
  checkAgainstRegistry,
  ciphertextHash,
  type FeedDocument,
  personIdOf,
  recordRequestHash,
  type ReleasedRecord,
  type Sealed,
  type SealedPartial,
  sealRelease,
  type SignedErasureRequest,
  type SignedRecordRequest,
  type SignedAttribute,
  verifyAttribute,
  verifyErasureRequest,
} from '@boop/identity';
import { type Logger } from '@boop/platform';
import { type AttributeEntry } from '@boop/protocol';
import { BoopError, type Clock, fromBase64Url, type Rng, toBase64Url } from '@boop/shared';
import { type Nodes } from '../nodes/node-links.ts';
import { type EvaluationRound } from '../releases/evaluation-round.ts';
import { type RecordStorage } from '../releases/record-storage.ts';
import { type AttributeStore } from './attribute-store.ts';
import { type RegistryStore } from './registry-store.ts';

const openingBytes = 32;

/** Where documents for the nodes go. */
export interface Publisher {
  publish(document: FeedDocument): Promise<unknown>;
}

/** What an owner does with attributes. This side carries requests to the nodes and keeps ciphertexts; it can read and decide nothing. */
export class AttributeService {
  readonly #input: { nodes: Nodes; rounds: EvaluationRound; storage: RecordStorage; store: AttributeStore; registry: RegistryStore; feed: Publisher; clock: Clock; rng: Rng; log: Logger };

  constructor(input: { nodes: Nodes; rounds: EvaluationRound; storage: RecordStorage; store: AttributeStore; registry: RegistryStore; feed: Publisher; clock: Clock; rng: Rng; log: Logger }) {
    this.#input = input;
  }

  async nextVersion(accountKey: string, attribute: string): Promise<number> {
    return await this.#input.store.nextVersion(this.#personId(accountKey), attribute);
  }

  /** Partial keys for a version that is to be written. @throws BoopError of the nodes */
  async key(request: SignedRecordRequest, exclude: readonly number[]): Promise<SealedPartial[]> {
    requireAction(request, 'write');
    return (await this.#input.rounds.run(request, exclude)).map(({ partial }) => partial);
  }

  /**
   * Keeps a sealed value and tells the nodes; resolves when N − t of them have its document.
   * @throws BoopError `attribute.*`, `owner.bad-signature`, `passkey.invalid`, `feed.unacknowledged`
   */
  async put(signed: SignedAttribute, ciphertext: Uint8Array): Promise<{ commitment: string; opening: string }> {
    const { nodes, store, registry, feed, clock, rng } = this.#input;
    const { record, accountKey } = signed;
    verifyAttribute(signed, { networkId: nodes.networkId });
    checkAgainstRegistry(await registry.read(), record, clock.nowMs() / 1000);
    if (ciphertextHash(ciphertext) !== record.ciphertextHash) throw new BoopError('attribute.malformed', 'the ciphertext is not the one of the document');
    const personId = this.#personId(accountKey);
    const opening = await store.put(signed, ciphertext, rng.bytes(openingBytes), clock.nowMs());
    try {
      await feed.publish({ type: 'attribute', document: signed });
    } catch (error) {
      // What the nodes refuse for good nobody can ever be given.
      if (error instanceof BoopError && error.kind === 'rejected') await store.drop(personId, record.attribute, record.version);
      throw error;
    }
    await store.dropBefore(personId, record.attribute, record.version);
    return { commitment: attributeCommitment(record, opening), opening: toBase64Url(opening) };
  }

  /** Documents without values. */
  async list(accountKey: string): Promise<AttributeEntry[]> {
    const { store, log } = this.#input;
    const stored = await store.list(this.#personId(accountKey), () => log.error('a stored attribute is not what was written'));
    return stored.map(({ signed: { record, attested }, writtenAtMs }) => ({ document: record, ...(attested !== undefined && { attested }), writtenAt: writtenAtMs }));
  }

  /** The newest version, for the owner's own device. @throws BoopError of the nodes, `attribute.tampered` */
  async read(request: SignedRecordRequest, exclude: readonly number[]): Promise<ReleasedRecord> {
    requireAction(request, 'read');
    return await this.#released(request, exclude, async (record) => record);
  }

  /** The newest version for the vendor of a consent, sealed to it. @throws BoopError of the nodes, `attribute.tampered`, `release.revoked` */
  async release(request: SignedRecordRequest, exclude: readonly number[]): Promise<Sealed> {
    requireAction(request, 'release');
    return await this.#released(request, exclude, async (record, recipientKey) => await sealRelease({ v: 1, records: [record] }, recipientKey));
  }

  /** Deletes all attributes of an account, here and at the nodes. @throws BoopError `erasure.*`, `feed.unacknowledged`: to be repeated */
  async erase(request: SignedErasureRequest): Promise<{ attributes: number }> {
    const { nodes, store, feed } = this.#input;
    verifyErasureRequest(request, { networkId: nodes.networkId });
    const attributes = await store.erase(this.#personId(request.record.accountKey));
    await feed.publish({ type: 'erasure', document: request });
    return { attributes };
  }

  async #released<T>(request: SignedRecordRequest, exclude: readonly number[], answer: (record: ReleasedRecord, recipientKey: string) => Promise<T>): Promise<T> {
    const { rounds, storage } = this.#input;
    const parts = await rounds.run(request, exclude);
    const grants = parts.flatMap(({ grant }) => grant ?? []);
    const partials = parts.map(({ partial }) => partial);
    const basis = recordRequestHash(request.record);
    return await storage.open(grants, async (record) => await answer({ ...record, basis, partials }, grants[0]!.grant.recipientKey));
  }

  #personId(accountKey: string): string {
    return personIdOf(this.#input.nodes.networkId, accountKey);
  }
}

function requireAction({ record }: SignedRecordRequest, action: SignedRecordRequest['record']['action']): void {
  if (record.action !== action) throw new BoopError('request.malformed', 'the signed request asks for something else');
}

/** Bytes of a ciphertext as it came. @throws BoopError `request.malformed` */
export function ciphertextOf(text: string): Uint8Array {
  try {
    return fromBase64Url(text);
  } catch {
    throw new BoopError('request.malformed', 'the ciphertext is not base64url');
  }
}
