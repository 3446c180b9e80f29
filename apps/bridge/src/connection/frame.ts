import { type Codec } from './codec.ts';

const finText = 0x81;
const finBinary = 0x82;

/** A whole message as one unmasked WebSocket frame, as servers send it (RFC 6455 section 5.2): made once, written to any number of sockets. */
export function frameOf(message: object, codec: Codec): Buffer {
  const encoded = codec.encode(message);
  const length = typeof encoded === 'string' ? Buffer.byteLength(encoded) : encoded.length;
  const headerLength = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  // Not from the pool: a frame that waits for a slow client would keep the whole slab.
  const frame = Buffer.allocUnsafeSlow(headerLength + length);
  frame[0] = codec.binary ? finBinary : finText;
  if (headerLength === 2) frame[1] = length;
  else if (headerLength === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  if (typeof encoded === 'string') frame.write(encoded, headerLength, 'utf8');
  else frame.set(encoded, headerLength);
  return frame;
}
