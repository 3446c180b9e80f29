declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Share index of a node, 1…N: the point at which its Shamir shares are evaluated. */
export type PartyId = Brand<number, 'PartyId'>;
/** Resharing epoch, from 1. */
export type Epoch = Brand<number, 'Epoch'>;
/** SHA-256 of a session's context, 32 bytes as base64url. */
export type SessionId = Brand<string, 'SessionId'>;
/** 16-byte tag of one protocol run, as hex; unique per run. */
export type RunId = Brand<string, 'RunId'>;

/** Throws RangeError outside 1…255. */
export function partyId(value: number): PartyId {
  if (!Number.isInteger(value) || value < 1 || value > 255) throw new RangeError('party id must be an integer in 1..255');
  return value as PartyId;
}

export function epoch(value: number): Epoch {
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError('epoch must be a positive integer');
  return value as Epoch;
}
