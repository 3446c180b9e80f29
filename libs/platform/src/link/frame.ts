import { BoopError, concatBytes } from '@boop/shared';

/** Length (u32, of kind and body) and kind (u8) in front of every body. */
export const FRAME_HEADER_BYTES = 5;
/** Longest frame, kind and body together. */
export const FRAME_BYTES_MAX = 8 * 1024 * 1024;

export const FRAME_KIND = { hello: 0, request: 1, response: 2, session: 3, ping: 4 } as const;
export type FrameKind = (typeof FRAME_KIND)[keyof typeof FRAME_KIND];

export interface Frame {
  readonly kind: FrameKind;
  readonly body: Uint8Array;
}

/** One buffer with header and copied parts, so the caller may reuse its memory at once. @throws BoopError `link.frame-too-large` */
export function encodeFrame(kind: FrameKind, ...parts: readonly Uint8Array[]): Uint8Array {
  const bodyBytes = parts.reduce((size, part) => size + part.length, 0);
  if (bodyBytes + 1 > FRAME_BYTES_MAX) {
    throw new BoopError('link.frame-too-large', `a frame holds at most ${FRAME_BYTES_MAX} bytes`, { kind: 'rejected' });
  }
  const frame = new Uint8Array(FRAME_HEADER_BYTES + bodyBytes);
  new DataView(frame.buffer).setUint32(0, bodyBytes + 1);
  frame[4] = kind;
  let at = FRAME_HEADER_BYTES;
  for (const part of parts) {
    frame.set(part, at);
    at += part.length;
  }
  return frame;
}

/**
 * Cuts a byte stream into frames. Memory grows with what has arrived, never with what a header promises.
 * @throws BoopError `link.frame-too-large`, `link.malformed` (empty frame, unknown kind); the stream is then unusable.
 */
export class FrameReader {
  readonly #bytesMax: number;
  #chunks: Uint8Array[] = [];
  #available = 0;

  constructor(bytesMax: number = FRAME_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  *push(chunk: Uint8Array): Generator<Frame> {
    this.#chunks.push(chunk);
    this.#available += chunk.length;
    for (;;) {
      if (this.#available < 4) return;
      const length = this.#peekLength();
      if (length < 1) throw new BoopError('link.malformed', 'an empty frame', { kind: 'peer' });
      if (length > this.#bytesMax) throw new BoopError('link.frame-too-large', 'a frame is longer than allowed', { kind: 'peer' });
      if (this.#available < 4 + length) return;
      const bytes = this.#take(4 + length);
      const kind = bytes[4]!;
      if (kind > FRAME_KIND.ping) throw new BoopError('link.malformed', 'a frame of unknown kind', { kind: 'peer' });
      yield { kind: kind as FrameKind, body: bytes.subarray(FRAME_HEADER_BYTES) };
    }
  }

  #peekLength(): number {
    if (this.#chunks[0]!.length < 4) this.#chunks = [concatBytes(...this.#chunks)];
    const first = this.#chunks[0]!;
    return new DataView(first.buffer, first.byteOffset, 4).getUint32(0);
  }

  #take(count: number): Uint8Array {
    const first = this.#chunks[0]!;
    const all = first.length >= count ? first : concatBytes(...this.#chunks);
    const rest = first.length >= count ? this.#chunks.slice(1) : [];
    this.#chunks = all.length > count ? [all.subarray(count), ...rest] : rest;
    this.#available -= count;
    return all.subarray(0, count);
  }
}
