import { locatePalm, syntheticPalm } from '@boop/biometric';
import { isBoopError, type Rng } from '@boop/shared';
import sharp, { type Sharp } from 'sharp';
import { decodeCapture } from '../decode-capture.ts';

/** What an outcome may be: anything else is a crash. */
export const OUTCOME = /^(located|refused|capture\.(unreadable|unsupported-format|too-large|too-slow))$/;

/** Small pixels of every format, depth, colour space and orientation that is told from each other. */
export async function seeds(): Promise<Uint8Array[]> {
  const { pixels, width, height } = syntheticPalm({ identity: 3, position: 'right-palm', capture: 0 });
  const palm = (): Sharp => sharp(pixels, { raw: { width, height, channels: 1 } });
  const frames = async (): Promise<Buffer[]> => [await palm().png().toBuffer(), await palm().negate().png().toBuffer()];
  const variants: Sharp[] = [
    palm().png(),
    palm().png({ palette: true }),
    palm().toColourspace('grey16').png(),
    palm().toColourspace('rgb16').png({ progressive: true }),
    palm().jpeg(),
    palm().toColourspace('cmyk').jpeg(),
    palm().jpeg({ progressive: true }).withMetadata({ orientation: 6 }),
    palm().webp(),
    palm().webp({ lossless: true }),
    palm().tiff({ compression: 'lzw' }),
    palm().toColourspace('cmyk').tiff({ compression: 'deflate' }),
    sharp(await frames(), { join: { animated: true } }).webp(),
    sharp({ create: { width: 4000, height: 4000, channels: 3, background: 'white' } }).png(),
  ];
  return Promise.all(variants.map(async (variant) => new Uint8Array(await variant.toBuffer())));
}

/** A seed with bytes changed, cut off or appended, decoded and, where it decodes, searched for a hand. */
export async function hostileCapture(good: readonly Uint8Array[], rng: Rng): Promise<string> {
  const number = (below: number): number => new DataView(rng.bytes(4).buffer).getUint32(0) % below;
  const seed = good[number(good.length)]!;
  const bytes = seed.slice(0, number(4) === 0 ? number(seed.length) : undefined);
  for (let edits = number(12); edits > 0 && bytes.length > 0; edits--) bytes[number(number(2) === 0 ? Math.min(bytes.length, 200) : bytes.length)] = number(256);
  try {
    return locatePalm(await decodeCapture(bytes)).roi === undefined ? 'refused' : 'located';
  } catch (error) {
    if (isBoopError(error)) return error.code;
    throw error;
  }
}
