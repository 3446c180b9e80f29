import { type Logger } from '@boop/platform';
import { type CreateCustodianOrder, type CustodianDocument, type CustodianOrder, custodianOrderMessage, custodianOrderOf, documentOf, type NetworkManifest, palmErasureDomain, subjectOrderDomain, type SubjectReceipt } from '@boop/protocol';
import { BoopError, type Clock, fromBase64Url, isBoopError, type Rng, toBase64Url } from '@boop/shared';
import { type VerifyEd25519 } from '../domain/check-answer.ts';
import { cursorAt, pageOf } from '../http/page.ts';
import { type CustodianOrderStore, type OrderRow } from './custodian-order-store.ts';
import { type SubjectService } from './subject-service.ts';

/** What nobody has signed in so long is not wanted. */
const lifeMs = 7 * 24 * 3_600_000;
const waitingMax = 100;

/** Orders that an admin or an adjudicator draws up and custodians decide: the gateway collects signatures, and the nodes believe nothing else. */
export class CustodianOrderService {
  readonly #with: { store: CustodianOrderStore; subjects: Pick<SubjectService, 'order' | 'erase'>; manifest: NetworkManifest; verify: VerifyEd25519; clock: Clock; rng: Rng; log: Logger };

  constructor(dependencies: { store: CustodianOrderStore; subjects: Pick<SubjectService, 'order' | 'erase'>; manifest: NetworkManifest; verify: VerifyEd25519; clock: Clock; rng: Rng; log: Logger }) {
    this.#with = dependencies;
  }

  async create(createdBy: string, { action, accountKey, reason }: CreateCustodianOrder): Promise<CustodianOrder> {
    const { store, manifest, clock, rng } = this.#with;
    const createdAtMs = clock.nowMs();
    const common = { v: 1, networkId: manifest.networkId, accountKey, requestedAt: Math.floor(createdAtMs / 1000), reason, nonce: toBase64Url(rng.bytes(32)) } as const;
    const document: CustodianDocument = action === 'erase' ? { domain: palmErasureDomain, record: { ...common, kind: 'palm-erasure' } } : { domain: subjectOrderDomain, record: { ...common, kind: 'subject-order', action } };
    const row = { id: `order_${toBase64Url(rng.bytes(12))}`, document: fromBase64Url(documentOf(document)), createdBy, createdAtMs, expiresAtMs: createdAtMs + lifeMs };
    await store.create(row);
    return this.#view({ ...row, signatures: [] });
  }

  /** @throws BoopError `request.not-found` */
  async get(id: string): Promise<CustodianOrder> {
    return this.#view(await this.#row(id));
  }

  async list(after: { createdAtMs: number; id: string } | undefined, size: number): Promise<{ orders: CustodianOrder[]; next?: string }> {
    const { rows, next } = pageOf(await this.#with.store.list(after, size + 1), size, cursorAt);
    return { orders: rows.map((row) => this.#view(row)), ...(next === undefined ? {} : { next }) };
  }

  /**
   * Takes a custodian's signature; the last one that is needed has it done. One that was sent already changes nothing.
   * @throws BoopError `request.not-found`, `request.conflict`, `custodians.bad-signatures`
   */
  async sign(id: string, { party, signature }: { party: number; signature: string }): Promise<CustodianOrder> {
    const { store, manifest, verify, clock } = this.#with;
    const row = await this.#row(id);
    if (row.endedAs !== undefined || row.expiresAtMs <= clock.nowMs()) {
      if (row.signatures.some((known) => known.party === party)) return this.#view(row);
      throw new BoopError('request.conflict', 'the order has ended');
    }
    const member = manifest.members.find((candidate) => candidate.party === party);
    if (!member || !verify(fromBase64Url(member.identityKey), custodianOrderMessage(this.#document(row)), fromBase64Url(signature))) throw new BoopError('custodians.bad-signatures', 'no custodian of this network has signed this order so');
    await store.addSignature(id, { party, signature });
    await this.#carryOut(await this.#row(id));
    return this.#view(await this.#row(id));
  }

  /** Orders that have their signatures and that the nodes have yet to obey; and those whose time is over. */
  async settle(): Promise<void> {
    for (const row of await this.#with.store.waiting(waitingMax)) await this.#carryOut(row);
  }

  async #carryOut(row: OrderRow): Promise<void> {
    const { store, manifest, clock, log } = this.#with;
    if (row.endedAs !== undefined) return;
    if (row.signatures.length <= manifest.threshold) {
      if (row.expiresAtMs <= clock.nowMs()) await store.end(row.id, 'expired', undefined);
      return;
    }
    try {
      const receipt = await this.#send(this.#document(row), row.signatures);
      await store.end(row.id, 'done', receipt);
    } catch (error) {
      if (!isBoopError(error) || error.kind !== 'rejected') return log.warn('an order of custodians waits for the nodes', { order: row.id, code: isBoopError(error) ? error.code : 'internal' });
      await store.end(row.id, 'refused', { code: error.code });
    }
  }

  async #send(document: CustodianDocument, signatures: OrderRow['signatures']): Promise<SubjectReceipt> {
    const { subjects } = this.#with;
    const signed = { method: 'custodians' as const, signatures: [...signatures] };
    return document.domain === palmErasureDomain ? await subjects.erase({ record: document.record, signed }) : await subjects.order({ record: document.record, signed });
  }

  #document(row: OrderRow): CustodianDocument {
    return custodianOrderOf(toBase64Url(row.document), this.#with.manifest);
  }

  async #row(id: string): Promise<OrderRow> {
    const row = await this.#with.store.find(id);
    if (!row) throw new BoopError('request.not-found', 'there is no such order');
    return row;
  }

  #view(row: OrderRow): CustodianOrder {
    const { manifest, clock } = this.#with;
    const { domain, record } = this.#document(row);
    return {
      id: row.id,
      action: domain === palmErasureDomain ? 'erase' : record.action,
      accountKey: record.accountKey,
      reason: record.reason ?? '',
      status: row.endedAs ?? (row.expiresAtMs <= clock.nowMs() && row.signatures.length <= manifest.threshold ? 'expired' : 'waiting'),
      document: toBase64Url(row.document),
      signaturesNeeded: manifest.threshold + 1,
      signedBy: row.signatures.map(({ party }) => party),
      createdBy: row.createdBy,
      createdAt: new Date(row.createdAtMs).toISOString(),
      expiresAt: new Date(row.expiresAtMs).toISOString(),
      ...(row.endedAs === 'done' ? { receipt: row.outcome as SubjectReceipt } : {}),
      ...(row.endedAs === 'refused' ? { code: (row.outcome as { code: string }).code } : {}),
    };
  }
}
