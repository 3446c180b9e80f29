import { encode as encodePng } from 'fast-png';
import { isBoopError } from '@boop/shared';
import { encodeTemplate, parseTemplate } from '../container.ts';
import { encodePalm } from '../encode-palm.ts';
import { decodeImage } from '../image/decode-image.ts';
import { resizeSquare } from '../image/resize-square.ts';
import { palmEncoders } from '../palm-encoders.ts';
import { type Stream, stream } from '../synthetic/random.ts';
import { syntheticPalm } from '../synthetic/synthetic-palm.ts';

const palm = syntheticPalm({ identity: 8, position: 'left-palm', capture: 0 });
const whole = (random: Stream, end: number): number => Math.floor(random.between(0, end));

/** A PNG of random size, channels and depth, or the palm's own, with a few bytes changed, cut or added. */
export function hostileImage(seed: number): string {
  const random = stream([71, seed]);
  const channels = [1, 2, 3, 4][whole(random, 4)]!;
  const depth = random.uniform() < 0.8 ? 8 : 16;
  const [width, height] = random.uniform() < 0.6 ? [128, 128] : [1 + whole(random, 160), 1 + whole(random, 160)];
  const data = depth === 8 ? new Uint8Array(width * height * channels) : new Uint16Array(width * height * channels);
  const step = 1 + whole(random, 9);
  for (let i = 0; i < data.length; i++) data[i] = random.uniform() < 0.02 ? whole(random, 256) : palm.pixels[(i * step) % palm.pixels.length]!;
  return outcome('encoded', () => encodePalm(resizeSquare(decodeImage(damage(encodePng({ width, height, data, channels, depth }), random)))));
}

/** A good container of any encoder version with a few bytes changed, cut or added. */
export function hostileTemplate(seed: number): string {
  const random = stream([72, seed]);
  const { template, quality } = GOOD[whole(random, GOOD.length)]!;
  const bytes = encodeTemplate(template, { position: random.uniform() < 0.5 ? 'left-palm' : 'right-palm', quality, captureTimeMs: whole(random, 2 ** 48) });
  return outcome('parsed', () => parseTemplate(damage(bytes, random)));
}

const GOOD = palmEncoders.map((encoder) => encodePalm(palm, encoder));

function damage(good: Uint8Array, random: Stream): Uint8Array {
  const copy = good.slice();
  for (let edits = whole(random, 5); edits > 0; edits--) copy[whole(random, random.uniform() < 0.5 ? Math.min(64, copy.length) : copy.length)] = whole(random, 256);
  if (random.uniform() < 0.1) return copy.subarray(0, whole(random, copy.length));
  if (random.uniform() < 0.1) return Uint8Array.from([...copy, 0]);
  return copy;
}

/** The code of a typed error; anything else that is thrown escapes. */
function outcome(good: string, run: () => unknown): string {
  try {
    run();
    return good;
  } catch (error) {
    if (isBoopError(error)) return error.code;
    throw error;
  }
}
