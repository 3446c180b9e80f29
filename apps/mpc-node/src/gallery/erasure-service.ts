import { entryReceiptBytes, palmErasureEntry, type SignedPalmErasure, verifyPalmErasure } from '@boop/protocol';
import { BoopError, type Clock, toBase64Url } from '@boop/shared';
import { type Network } from '../network.ts';
import { type Registrar } from './registrar.ts';

const clockSkewSeconds = 60;
/** How much earlier than by its own clock a node lets a registration end. */
const retentionSkewSeconds = 5;

/**
 * Erasure of a person's palms at this node. The owner's signature is all that it takes, so that no other node can keep it from being done. The heads of
 * galleries tell who has done it: nodes that have not yet take no part in sessions until they have.
 */
export class ErasureService {
  readonly #input: { network: Network; registrar: Registrar; clock: Clock; signIdentity: (bytes: Uint8Array) => Uint8Array };

  constructor(input: { network: Network; registrar: Registrar; clock: Clock; signIdentity: (bytes: Uint8Array) => Uint8Array }) {
    this.#input = input;
  }

  /**
   * Durable when it answers. May be repeated.
   * @returns this node's signature over the log's entry
   * @throws BoopError `erasure.*`, of which `erasure.not-due` unless this node's own record says that its time is over; `owner.bad-signature`, `passkey.invalid`, `subject.unknown`, `gallery.closed`
   */
  async erase(request: SignedPalmErasure): Promise<{ receipt: string; registrations: number }> {
    const { network, registrar, clock, signIdentity } = this.#input;
    verifyPalmErasure(request, network.manifest);
    if (request.record.requestedAt > clock.nowMs() / 1000 + clockSkewSeconds) throw new BoopError('erasure.time', 'the request comes from the future');
    if (request.signed.method === 'retention') this.#requireOutlived(request);
    const registrations = await registrar.erase(request);
    return { receipt: toBase64Url(signIdentity(entryReceiptBytes(palmErasureEntry(request.record, network.epoch)))), registrations };
  }

  #requireOutlived({ record }: SignedPalmErasure): void {
    const { registrar, clock } = this.#input;
    const now = clock.nowMs() / 1000;
    const own = registrar.ofAccount(record.accountKey).find(({ splitHash }) => splitHash === record.nonce);
    if (own?.retainUntil !== record.requestedAt || own.retainUntil > now + retentionSkewSeconds) throw new BoopError('erasure.not-due', 'no registration ends so, or not yet');
  }
}
