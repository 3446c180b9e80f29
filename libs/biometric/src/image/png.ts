import { concatBytes } from '@boop/shared';
import { decode } from 'fast-png';
import { Unzlib } from 'fflate';
import { checkSize, unreadable, unsupported } from './faults.ts';
import { type GreyImage, luma } from './grey-image.ts';

const SIGNATURE_BYTES = 8;
/** Length, type and CRC around a chunk's data. */
const CHUNK_OVERHEAD = 12;
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const PALETTE = 3;
/** Compressed bytes inflated between two checks: DEFLATE expands at most 1,032 times. */
const INFLATE_STEP = 1024;
/** x start, y start, x step, y step of the seven passes of Adam7 (PNG, third edition, section 8.2). */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
  readonly whole: Uint8Array;
}

export function decodePng(bytes: Uint8Array): GreyImage {
  const chunks = readChunks(bytes);
  const { width, height, channels, inflatedBytes } = readHeader(chunks);
  checkInflatedSize(chunks, inflatedBytes);
  // Only what the pixels need goes on: text, profiles and transparency never reach the decoder.
  const needed = chunks.filter(({ type }) => ['IHDR', 'PLTE', 'IDAT', 'IEND'].includes(type));
  const image = decode(concatBytes(bytes.subarray(0, SIGNATURE_BYTES), ...needed.map(({ whole }) => whole)), { checkCrc: true });
  const grey = image.palette?.map(([r, g, b]) => luma(r!, g!, b!));
  const pixels = new Uint8Array(width * height);
  for (let i = 0; i < pixels.length; i++) {
    const at = i * channels;
    const value = channels > 2 ? luma(image.data[at]!, image.data[at + 1]!, image.data[at + 2]!) : image.data[at]!;
    const level = grey === undefined ? value : grey[value];
    if (level === undefined) throw unreadable();
    pixels[i] = level;
  }
  return { width, height, pixels };
}

/** PNG, third edition, section 5.3. Refuses animation (acTL), EXIF (a rotation that we would ignore), unknown critical chunks. */
function readChunks(bytes: Uint8Array): Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE_BYTES; chunks.at(-1)?.type !== 'IEND'; ) {
    const length = view.getUint32(at);
    const end = at + CHUNK_OVERHEAD + length;
    if (end > bytes.length) throw unreadable();
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (type === 'acTL' || type === 'eXIf') throw unsupported();
    const critical = (bytes[at + 4]! & 0x20) === 0;
    if (critical && !['IHDR', 'PLTE', 'IDAT', 'IEND'].includes(type)) throw unreadable();
    chunks.push({ type, data: bytes.subarray(at + 8, end - 4), whole: bytes.subarray(at, end) });
    at = end;
  }
  return chunks;
}

function readHeader(chunks: readonly Chunk[]): { width: number; height: number; channels: number; inflatedBytes: number } {
  const header = chunks[0]!;
  const count = (type: string): number => chunks.filter((chunk) => chunk.type === type).length;
  if (header.type !== 'IHDR' || header.data.length !== 13 || count('IHDR') !== 1 || count('PLTE') > 1) throw unreadable();
  const view = new DataView(header.data.buffer, header.data.byteOffset, 13);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colour, compression, filter, interlace] = header.data.subarray(8);
  const channels = CHANNELS[colour!];
  if (channels === undefined || compression !== 0 || filter !== 0 || interlace! > 1) throw unreadable();
  if (depth !== 8) throw unsupported();
  if (colour === PALETTE && count('PLTE') !== 1) throw unreadable();
  checkSize(width, height);
  // A suggested palette of a true colour image must not turn its samples into indices.
  if (colour !== PALETTE && count('PLTE') > 0) throw unsupported();
  return { width, height, channels, inflatedBytes: interlace === 1 ? adam7Bytes(width, height, channels) : height * (1 + width * channels) };
}

function adam7Bytes(width: number, height: number, channels: number): number {
  return ADAM7.reduce((sum, [x0, y0, dx, dy]) => {
    const columns = Math.ceil((width - x0) / dx);
    const rows = Math.ceil((height - y0) / dy);
    return columns > 0 && rows > 0 ? sum + rows * (1 + columns * channels) : sum;
  }, 0);
}

/** Inflates in small steps and stops at the first byte too many: a decompression bomb costs no more than an honest image. */
function checkInflatedSize(chunks: readonly Chunk[], expected: number): void {
  const compressed = concatBytes(...chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data));
  let size = 0;
  const inflator = new Unzlib((part) => {
    size += part.length;
    if (size > expected) throw unreadable();
  });
  for (let at = 0; at < compressed.length; at += INFLATE_STEP) {
    inflator.push(compressed.subarray(at, at + INFLATE_STEP), at + INFLATE_STEP >= compressed.length);
  }
  if (size !== expected) throw unreadable();
}
