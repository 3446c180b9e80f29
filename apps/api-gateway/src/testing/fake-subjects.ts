import { signedOwnerCallSchema } from '@boop/identity';
import { type EntryReceipt, type NetworkManifest, ordererOf, palmErasureEntry, type SignedPalmErasure, type SignedSubjectOrder, subjectNodeMethods, subjectOrderEntry, type SubjectRecord, signedPalmErasureSchema } from '@boop/protocol';
import { BoopError, toBase64Url } from '@boop/shared';

/** What the fake nodes hold about people; they believe whom the gateway has checked. */
export class FakeSubjects {
  /** Account → the entry of its registration. */
  readonly registered = new Map<string, Uint8Array>();
  readonly orders: SignedSubjectOrder[] = [];
  readonly erasures: SignedPalmErasure[] = [];
  /** Nodes that have yet to hear of orders. */
  readonly behind = new Set<number>();
  readonly #manifest: NetworkManifest;
  readonly #receipts: (entry: Uint8Array) => EntryReceipt[];

  constructor(manifest: NetworkManifest, receipts: (entry: Uint8Array) => EntryReceipt[]) {
    this.#manifest = manifest;
    this.#receipts = receipts;
  }

  answer(party: number, method: string, body: unknown): unknown {
    if (method === 'subject.read') return this.#read(party, signedOwnerCallSchema.parse((body as { call: unknown }).call).record.accountKey);
    if (method === 'subject.order') {
      const { order } = subjectNodeMethods['subject.order'].body.parse(body);
      this.#entryOf(order.record.accountKey);
      this.orders.push(order);
      return this.#done(subjectOrderEntry(order.record, this.#manifest.epoch));
    }
    const request = signedPalmErasureSchema.parse((body as { request: unknown }).request);
    this.#entryOf(request.record.accountKey);
    this.erasures.push(request);
    return this.#done(palmErasureEntry(request.record, this.#manifest.epoch));
  }

  #done(entry: Uint8Array) {
    return { entry, receipts: this.#receipts(entry), pending: [4, 5] };
  }

  #entryOf(accountKey: string): Uint8Array {
    const entry = this.registered.get(accountKey);
    if (!entry) throw new BoopError('subject.unknown', 'nothing is registered under this account');
    return entry;
  }

  #read(party: number, accountKey: string): SubjectRecord {
    const entry = this.#entryOf(accountKey);
    const name = toBase64Url(new Uint8Array(32));
    const orders = this.behind.has(party) ? [] : this.orders.filter(({ record }) => record.accountKey === accountKey).slice(-1);
    const erasures = this.erasures.filter(({ record }) => record.accountKey === accountKey);
    return {
      networkId: this.#manifest.networkId,
      accountKey,
      epoch: this.#manifest.epoch,
      suspendedBy: orders.flatMap((order) => (order.record.action === 'suspend' ? [ordererOf(order)] : [])),
      registrations: [{ session: name, split: name, consent: name, positions: ['right-palm'], encoder: 'palm-compcode-1', verified: true, epoch: 1, registeredAt: 5, entry: toBase64Url(entry), erased: erasures.length > 0 }],
      orders,
      erasures,
    };
  }
}
