import { BoopError } from '@boop/shared';
import { type GreyImage } from '../../image/grey-image.ts';
import { stream } from '../../synthetic/random.ts';
import { encodeIris } from '../encode-iris.ts';
import { createIrisTemplate } from '../iris-template.ts';

/** Encodes the hostile image of a seed: noise, stripes, rings, black, white, in odd shapes. @returns `template` or the code of a typed error */
export function hostileEye(seed: number): string {
  const { template } = encodeIris(hostileImage(seed));
  try {
    createIrisTemplate(template.encoder, template.values);
    return 'template';
  } catch (error) {
    if (error instanceof BoopError) return error.code;
    throw error;
  }
}

function hostileImage(seed: number): GreyImage {
  const { uniform } = stream([3, seed]);
  const side = (): number => 120 + Math.floor(300 * uniform() * uniform());
  const [width, height, kind, period] = [side(), side(), Math.floor(6 * uniform()), 2 + 60 * uniform()];
  const [cx, cy] = [width * uniform(), height * uniform()];
  const draw = [
    () => 256 * uniform(),
    (x: number) => (x % period < period / 2 ? 0 : 255),
    (x: number, y: number) => (Math.hypot(x - cx, y - cy) % period < period / 2 ? 0 : 255),
    () => (seed % 2) * 255,
    (x: number, y: number) => (Math.hypot(x - cx, y - cy) < period ? 20 : 128 + 20 * uniform()),
    (x: number, y: number) => (255 * (x + y)) / (width + height),
  ][kind]!;
  return { width, height, pixels: Uint8Array.from({ length: width * height }, (_, at) => draw(at % width, Math.floor(at / width))) };
}
