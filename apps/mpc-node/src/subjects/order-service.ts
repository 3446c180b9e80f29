import { type SignedOwnerCall, verifyOwnerCall } from '@boop/identity';
import { entryReceiptBytes, type SignedSubjectOrder, subjectOrderEntry, subjectPaths, type SubjectRecord, verifySubjectOrder } from '@boop/protocol';
import { BoopError, type Clock, toBase64Url } from '@boop/shared';
import { type Gallery } from '../gallery/gallery.ts';
import { registrationEntry } from '../gallery/record.ts';
import { type Registrar } from '../gallery/registrar.ts';
import { type Network } from '../network.ts';
import { type SubjectOrders } from './subject-orders.ts';

const clockSkewSeconds = 60;

/** What a node does at the order of a person, or of t+1 custodians, and what it tells the person of itself. */
export class OrderService {
  readonly #input: { network: Network; gallery: Gallery; registrar: Registrar; orders: SubjectOrders; clock: Clock; signIdentity: (bytes: Uint8Array) => Uint8Array };

  constructor(input: { network: Network; gallery: Gallery; registrar: Registrar; orders: SubjectOrders; clock: Clock; signIdentity: (bytes: Uint8Array) => Uint8Array }) {
    this.#input = input;
  }

  /**
   * Durable when it answers; the next match already obeys. May be repeated.
   * @returns this node's signature over the log's entry
   * @throws BoopError `subject.*`, `owner.bad-signature`, `passkey.invalid`, `custodians.bad-signatures`
   */
  async obey(order: SignedSubjectOrder): Promise<{ receipt: string }> {
    const { network, registrar, orders, clock, signIdentity } = this.#input;
    verifySubjectOrder(order, network.manifest);
    if (order.record.requestedAt > clock.nowMs() / 1000 + clockSkewSeconds) throw new BoopError('subject.time', 'the order comes from the future');
    if (registrar.ofAccount(order.record.accountKey).length === 0) throw new BoopError('subject.unknown', 'nothing is registered under this account');
    await orders.put(order);
    return { receipt: toBase64Url(signIdentity(entryReceiptBytes(subjectOrderEntry(order.record, network.epoch)))) };
  }

  /** Whether nothing may be signed for the person of a row. */
  isSuspended(row: number): boolean {
    const { gallery, registrar, orders } = this.#input;
    const accountKey = registrar.accountOf(toBase64Url(gallery.row(row).subjectId));
    return accountKey !== undefined && orders.suspendedBy(accountKey).length > 0;
  }

  /** To the owner alone, whose signed request it checks itself. @throws BoopError `owner.*`, `passkey.invalid`, `subject.unknown` */
  read(call: SignedOwnerCall): SubjectRecord {
    const { network, gallery, registrar, orders, clock } = this.#input;
    const { accountKey, path } = call.record;
    if (path !== subjectPaths.me && path !== subjectPaths.export) throw new BoopError('owner.wrong-call', 'the signature is of another request');
    verifyOwnerCall(call, { networkId: network.networkId, method: 'GET', path, now: clock.nowMs() / 1000 });
    const records = registrar.ofAccount(accountKey);
    if (records.length === 0) throw new BoopError('subject.unknown', 'nothing is registered under this account');
    return {
      networkId: network.networkId,
      accountKey,
      epoch: network.epoch,
      suspendedBy: orders.suspendedBy(accountKey),
      registrations: records.map((record) => ({
        session: record.sessionId,
        split: record.splitHash,
        consent: record.consent,
        positions: [...record.positions],
        encoder: record.encoder,
        verified: record.verified,
        epoch: record.epoch,
        registeredAt: record.time,
        ...(record.retainUntil !== undefined && { retainUntil: record.retainUntil }),
        entry: toBase64Url(registrationEntry(record)),
        ...(record.replaces !== undefined && { replaces: record.replaces }),
        erased: gallery.hasErased(record.splitHash),
      })),
      orders: orders.ofAccount(accountKey),
      erasures: registrar.erasures.filter(({ record }) => record.accountKey === accountKey),
    };
  }
}
