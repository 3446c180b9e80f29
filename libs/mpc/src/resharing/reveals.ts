import { concatBytes, type PartyId, ProtocolAbort } from '@boop/shared';

/** What a receiver shows when the others contradict it about a dealer: the dealer's message, salt included. */
export interface Reveal {
  readonly dealer: PartyId;
  readonly dealing: Uint8Array;
}

/** Count, then per reveal the dealer's id and its dealing. */
export const encodeReveals = (reveals: readonly Reveal[]): Uint8Array => concatBytes(Uint8Array.of(reveals.length), ...reveals.flatMap(({ dealer, dealing }) => [Uint8Array.of(dealer), dealing]));

/** Strict: another length, an unknown or a repeated dealer aborts and names the sender. */
export function parseReveals(payload: Uint8Array, dealers: readonly PartyId[], dealingSize: number, from: PartyId): Reveal[] {
  const count = payload[0] ?? 0;
  const malformed = (): ProtocolAbort => new ProtocolAbort('mpc.malformed-message', 'reveals of known dealers, of one length', [from]);
  if (payload.length !== 1 + count * (1 + dealingSize)) throw malformed();
  const reveals = Array.from({ length: count }, (_, i): Reveal => {
    const at = 1 + i * (1 + dealingSize);
    return { dealer: payload[at]! as PartyId, dealing: payload.slice(at + 1, at + 1 + dealingSize) };
  });
  const known = reveals.every(({ dealer }, i) => dealers.includes(dealer) && reveals.findIndex((other) => other.dealer === dealer) === i);
  if (!known) throw malformed();
  return reveals;
}
