import { BoopError } from '@boop/shared';

/** Length (u32, of kind and body) and kind (u8) in front of every body. */
export const FRAME_HEADER_BYTES = 5;
/** Longest frame, kind and body together. */
export const FRAME_BYTES_MAX = 8 * 1024 * 1024;

export const FRAME_KIND = { hello: 0, request: 1, response: 2, session: 3, ping: 4 } as const;
export type FrameKind = (typeof FRAME_KIND)[keyof typeof FRAME_KIND];

export interface Frame {
  readonly kind: FrameKind;
  readonly body: Uint8Array;
  /** Whether the body has memory of its own; otherwise it is a view of the chunk. */
  readonly owned: boolean;
}

/** One buffer with header and copied parts, so the caller may reuse its memory at once. @throws BoopError `link.frame-too-large` */
export function encodeFrame(kind: FrameKind, ...parts: readonly Uint8Array[]): Uint8Array {
  return frameStart(kind, 0, parts);
}

/** The frame's beginning, to be followed on the stream by `borrowedBytes` that are not copied. @throws BoopError `link.frame-too-large` */
export function frameStart(kind: FrameKind, borrowedBytes: number, parts: readonly Uint8Array[]): Uint8Array {
  const copiedBytes = parts.reduce((size, part) => size + part.length, 0);
  const bodyBytes = copiedBytes + borrowedBytes;
  if (bodyBytes + 1 > FRAME_BYTES_MAX) {
    throw new BoopError('link.frame-too-large', `a frame holds at most ${FRAME_BYTES_MAX} bytes`, { kind: 'rejected' });
  }
  const frame = new Uint8Array(FRAME_HEADER_BYTES + copiedBytes);
  new DataView(frame.buffer).setUint32(0, bodyBytes + 1);
  frame[4] = kind;
  let at = FRAME_HEADER_BYTES;
  for (const part of parts) {
    frame.set(part, at);
    at += part.length;
  }
  return frame;
}

/** A body of at most so many bytes gets its memory when its header comes; a longer one as it arrives. */
const PROMISED_BYTES_MAX = 1024 * 1024;

/**
 * Cuts a byte stream into frames. A body within one chunk is a view of that chunk; any other is copied once, into memory of its own.
 * Beyond {@link PROMISED_BYTES_MAX} memory grows with what has arrived, never with what a header promises.
 * @throws BoopError `link.frame-too-large`, `link.malformed` (empty frame, unknown kind); the stream is then unusable.
 */
export class FrameReader {
  readonly #bytesMax: number;
  readonly #header = new Uint8Array(FRAME_HEADER_BYTES);
  #headerFilled = 0;
  #kind: FrameKind = FRAME_KIND.ping;
  #body: Uint8Array = new Uint8Array(0);
  #bodyBytes = 0;
  #bodyFilled = 0;

  constructor(bytesMax: number = FRAME_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  *push(chunk: Uint8Array): Generator<Frame> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#headerFilled < FRAME_HEADER_BYTES) {
        at = this.#readHeader(chunk, at);
        if (this.#headerFilled < FRAME_HEADER_BYTES) return;
        if (this.#bodyFilled === 0 && chunk.length - at >= this.#bodyBytes) {
          const body = chunk.subarray(at, at + this.#bodyBytes);
          at += this.#bodyBytes;
          yield this.#finish(body, false);
          continue;
        }
        this.#body = new Uint8Array(Math.min(this.#bodyBytes, PROMISED_BYTES_MAX));
      }
      const count = Math.min(chunk.length - at, this.#bodyBytes - this.#bodyFilled);
      this.#reserve(this.#bodyFilled + count);
      this.#body.set(chunk.subarray(at, at + count), this.#bodyFilled);
      this.#bodyFilled += count;
      at += count;
      if (this.#bodyFilled === this.#bodyBytes) yield this.#finish(this.#body, true);
    }
  }

  /** Checks the length as soon as it is there, the kind with the byte after it. */
  #readHeader(chunk: Uint8Array, from: number): number {
    let at = from;
    while (this.#headerFilled < FRAME_HEADER_BYTES && at < chunk.length) {
      this.#header[this.#headerFilled++] = chunk[at++]!;
      if (this.#headerFilled === 4) this.#bodyBytes = this.#checkLength();
    }
    if (this.#headerFilled === FRAME_HEADER_BYTES) {
      const kind = this.#header[4]!;
      if (kind > FRAME_KIND.ping) throw new BoopError('link.malformed', 'a frame of unknown kind', { kind: 'peer' });
      this.#kind = kind as FrameKind;
    }
    return at;
  }

  #checkLength(): number {
    const length = new DataView(this.#header.buffer).getUint32(0);
    if (length < 1) throw new BoopError('link.malformed', 'an empty frame', { kind: 'peer' });
    if (length > this.#bytesMax) throw new BoopError('link.frame-too-large', 'a frame is longer than allowed', { kind: 'peer' });
    return length - 1;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#body.length) return;
    const larger = new Uint8Array(Math.min(this.#bodyBytes, Math.max(bytes, 2 * this.#body.length)));
    larger.set(this.#body.subarray(0, this.#bodyFilled));
    this.#body = larger;
  }

  #finish(body: Uint8Array, owned: boolean): Frame {
    this.#headerFilled = 0;
    this.#bodyFilled = 0;
    this.#body = new Uint8Array(0);
    return { kind: this.#kind, body, owned };
  }
}
