import { type GreyImage, decodeImage, luma } from '@boop/biometric';
import { BoopError } from '@boop/shared';
import sharp from 'sharp';
import { sniff } from './sniff.ts';

/** What a capture may cost; each limit is checked before the work that it bounds. */
export interface DecodeLimits {
  /** Of the file. */
  readonly bytesMax: number;
  /** Declared width times height. */
  readonly pixelsMax: number;
  /** Longer sides are reduced to it while the image is decoded; smaller images stay as they are. */
  readonly sideMax: number;
  /** Of decoding, in whole seconds. */
  readonly timeoutSeconds: number;
}

/** A photograph of a telephone passes; what leaves has at most 2,048 pixels a side. */
export const DECODE_LIMITS: DecodeLimits = { bytesMax: 16 << 20, pixelsMax: 50_000_000, sideMax: 2_048, timeoutSeconds: 10 };

// Pixels of captures must not stay in the library's cache of operations.
sharp.cache(false);

/**
 * Decodes a capture to luminance (ITU-R BT.601): JPEG (also CMYK), PNG, WebP and TIFF of 8 or 16 bits through libvips, BMP through
 * `decodeImage` of `@boop/biometric` with its own limits. EXIF orientation is applied, transparency ignored, colour profiles brought to sRGB; more than one frame or page
 * is refused. The format is told from the first bytes, so no other loader ever sees the input.
 * @throws BoopError `capture.unreadable` (damaged, cut short), `capture.unsupported-format`, `capture.too-large`, `capture.too-slow`
 */
export async function decodeCapture(bytes: Uint8Array, limits: DecodeLimits = DECODE_LIMITS): Promise<GreyImage> {
  if (bytes.length > limits.bytesMax) throw tooLarge();
  if (bytes.length === 0) throw unreadable();
  const format = sniff(bytes);
  if (format === undefined) throw unsupported();
  if (format === 'bmp') return decodeImage(bytes);
  const image = sharp(bytes, { failOn: 'warning', limitInputPixels: limits.pixelsMax, sequentialRead: true, animated: false });
  const header = await image.metadata().catch((error: unknown) => {
    throw refusal(error);
  });
  if (header.format !== format) throw unreadable();
  if ((header.pages ?? 1) > 1 || (format === 'png' && isAnimated(bytes))) throw unsupported();
  if (header.width * header.height > limits.pixelsMax) throw tooLarge();
  const { data, info } = await image
    .timeout({ seconds: limits.timeoutSeconds })
    .autoOrient()
    .resize({ width: limits.sideMax, height: limits.sideMax, fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb')
    .removeAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((error: unknown) => {
      throw refusal(error);
    });
  const pixels = toLuma(data, info.channels);
  data.fill(0);
  return { width: info.width, height: info.height, pixels };
}

function toLuma(data: Uint8Array, channels: number): Uint8Array {
  if (channels < 3) return Uint8Array.from({ length: data.length / channels }, (_, i) => data[i * channels]!);
  return Uint8Array.from({ length: data.length / channels }, (_, i) => luma(data[i * channels]!, data[i * channels + 1]!, data[i * channels + 2]!));
}

/** An animated PNG announces itself by a chunk before its pixels; libpng would show its first frame. */
function isAnimated(bytes: Uint8Array): boolean {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const [announced, pixels] = [file.indexOf('acTL', 8, 'latin1'), file.indexOf('IDAT', 8, 'latin1')];
  return announced >= 0 && announced < pixels;
}

/** The library tells what went wrong in words only, and they may quote the file: none of them leave. */
function refusal(error: unknown): BoopError {
  const text = error instanceof Error ? error.message : '';
  if (/exceeds pixel limit/i.test(text)) return tooLarge();
  if (/timeout/i.test(text)) return new BoopError('capture.too-slow', 'the image took too long to decode');
  if (/unsupported image format/i.test(text)) return unsupported();
  return unreadable();
}

const unreadable = (): BoopError => new BoopError('capture.unreadable', 'the image is damaged or incomplete');
const unsupported = (): BoopError => new BoopError('capture.unsupported-format', 'JPEG, PNG, WebP, TIFF and BMP of one frame are taken');
const tooLarge = (): BoopError => new BoopError('capture.too-large', 'the image has too many bytes or pixels');
