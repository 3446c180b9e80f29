import { decode, encode } from 'cborg';

/** How one connection's messages look on the wire; `name` is the WebSocket subprotocol. */
export interface Codec {
  readonly name: string;
  readonly binary: boolean;
  encode(message: object): string | Uint8Array;
  /** Throws on anything but one well-formed value. */
  decode(frame: Uint8Array): unknown;
}

export const jsonCodec: Codec = {
  name: 'boop.v1.json',
  binary: false,
  encode: (message) => JSON.stringify(message),
  decode: (frame) => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(frame)) as unknown,
};

/** RFC 8949 without indefinite lengths, tags, floats that are no numbers, or repeated keys. */
export const cborCodec: Codec = {
  name: 'boop.v1.cbor',
  binary: true,
  encode: (message) => encode(message, { ignoreUndefinedProperties: true }),
  decode: (frame) =>
    decode(frame, { strict: true, allowIndefinite: false, allowUndefined: false, allowInfinity: false, allowNaN: false, rejectDuplicateMapKeys: true }) as unknown,
};

export const codecs = [jsonCodec, cborCodec] as const;
export const codecOf = (subprotocol: string): Codec => codecs.find(({ name }) => name === subprotocol) ?? jsonCodec;
/** The first of the client's subprotocols that we speak; false refuses to name one, which means JSON. */
export const chooseSubprotocol = (offered: ReadonlySet<string>): string | false => [...offered].find((name) => codecs.some((codec) => codec.name === name)) ?? false;
