import { entryReceiptBytes, palmErasureEntry, type SignedPalmErasure, verifyPalmErasure } from '@boop/protocol';
import { BoopError, type Clock, toBase64Url } from '@boop/shared';
import { type Network } from '../network.ts';
import { type SessionStore } from '../sessions/session-store.ts';
import { type Registrar } from './registrar.ts';

/** How long open sessions may go on before they are ended; they take a fraction of a second. */
const sessionsMs = 3_000;
const clockSkewSeconds = 60;

/**
 * Erasure of a person's palms at this node. The owner's signature is all that it takes, so that no other node can keep it from being done. The heads of
 * galleries tell who has done it: nodes that have not yet take no part in sessions until they have.
 */
export class ErasureService {
  readonly #input: { network: Network; registrar: Registrar; sessions: SessionStore; clock: Clock; signIdentity: (bytes: Uint8Array) => Uint8Array };

  constructor(input: { network: Network; registrar: Registrar; sessions: SessionStore; clock: Clock; signIdentity: (bytes: Uint8Array) => Uint8Array }) {
    this.#input = input;
  }

  /**
   * Durable when it answers. May be repeated.
   * @returns this node's signature over the log's entry
   * @throws BoopError `erasure.*`, `owner.bad-signature`, `passkey.invalid`, `subject.unknown`, `gallery.closed`
   */
  async erase(request: SignedPalmErasure): Promise<{ receipt: string; registrations: number }> {
    const { network, registrar, sessions, clock, signIdentity } = this.#input;
    verifyPalmErasure(request, network.manifest);
    if (request.record.requestedAt > clock.nowMs() / 1000 + clockSkewSeconds) throw new BoopError('erasure.time', 'the request comes from the future');
    const registrations = await registrar.erase(request, async (step) => await sessions.alone(step, sessionsMs));
    return { receipt: toBase64Url(signIdentity(entryReceiptBytes(palmErasureEntry(request.record, network.epoch)))), registrations };
  }
}
