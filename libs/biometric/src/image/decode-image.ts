import { BoopError } from '@boop/shared';
import { decodeBmp } from './bmp.ts';
import { FILE_BYTES_MAX, tooLarge, unreadable, unsupported } from './faults.ts';
import { type GreyImage } from './grey-image.ts';
import { decodePng } from './png.ts';

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * Decodes a capture to luminance: BMP (8-bit palette, 24 and 32 bit) and PNG (8 bits per channel: grey, RGB, palette,
 * with or without alpha, which is ignored). At most 1 MiB of file and 1024×1024 declared pixels, both checked before any
 * pixel is decoded; the inflated size of a PNG is checked against its header, so memory and time are bounded.
 * @throws BoopError `capture.unreadable` (damaged), `capture.unsupported-format` (another format, bit depth, compression,
 * animation, EXIF), `capture.too-large`
 */
export function decodeImage(bytes: Uint8Array): GreyImage {
  if (bytes.length > FILE_BYTES_MAX) throw tooLarge();
  if (bytes.length === 0) throw unreadable();
  try {
    if (PNG_SIGNATURE.every((byte, i) => bytes[i] === byte)) return decodePng(bytes);
    if (bytes[0] === 0x42 && bytes[1] === 0x4d) return decodeBmp(bytes);
  } catch (error) {
    // What the decoders throw may quote the file: only our own errors leave.
    throw error instanceof BoopError ? error : unreadable();
  }
  throw unsupported();
}
