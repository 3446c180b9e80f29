import { exactCos, exactExp, exactSin } from '../exact-math.ts';
import { type GreyImage } from '../image/grey-image.ts';
import { stream } from '../synthetic/random.ts';
import { type Circle } from './circles.ts';

/** Nobody's eye: which iris, and how it was captured. */
export interface SyntheticEyeSeed {
  readonly identity: number;
  readonly capture: number;
  /** Turn of the head, columns of 1.8°. */
  readonly rotation?: number;
  /** Part of the iris' height that the upper lid covers, 0 to 0.5. */
  readonly lid?: number;
}

export interface SyntheticEye {
  readonly image: GreyImage;
  /** What a segmentation should find, pixels. */
  readonly pupil: Circle;
  readonly limbus: Circle;
  /** y of the upper lid's border at x; above it is skin. */
  readonly lidAt: (x: number) => number;
}

const WIDTH = 320;
const HEIGHT = 280;
const TWO_PI = 6.283185307179586;
/** Waves around the eye that make up a texture, and steps from the pupil to the limbus at which their phases are known. */
const WAVES = 40;
const STEPS = 128;

/** A near-infrared close-up with skin, sclera, textured iris, pupil with a reflection, an upper lid and sensor noise. For tests: no rate measured on these says anything about people. */
export function syntheticEye({ identity, capture, rotation = 0, lid = 0.15 }: SyntheticEyeSeed): SyntheticEye {
  const texture = irisTexture(identity);
  const { uniform: draw, normal } = stream([2, identity, capture]);
  const limbus = { x: 160 + 16 * (draw() - 0.5), y: 140 + 12 * (draw() - 0.5), r: 98 + 8 * (draw() - 0.5) };
  const pupil = { x: limbus.x + 4 * (draw() - 0.5), y: limbus.y + 4 * (draw() - 0.5), r: 36 + 14 * draw() };
  const lidAt = (x: number): number => limbus.y - limbus.r + 2 * limbus.r * lid + (0.3 * (x - limbus.x) * (x - limbus.x)) / limbus.r;
  const turn = (TWO_PI * rotation) / 200;
  const pixels = new Uint8Array(WIDTH * HEIGHT);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const level = y < lidAt(x) ? 205 : insideEye(x, y, pupil, limbus, turn, texture);
      pixels[y * WIDTH + x] = Math.max(0, Math.min(255, Math.round(level + 2.5 * normal())));
    }
  }
  return { image: { width: WIDTH, height: HEIGHT, pixels }, pupil, limbus, lidAt };
}

function insideEye(x: number, y: number, pupil: Circle, limbus: Circle, turn: number, texture: (rho: number, cos: number, sin: number) => number): number {
  const [dx, dy] = [x - pupil.x, y - pupil.y];
  const distance = Math.sqrt(dx * dx + dy * dy);
  const glint = (dx - 8) * (dx - 8) + (dy + 6) * (dy + 6);
  if (glint < 16) return 250;
  const [ex, ey] = [x - limbus.x, y - limbus.y];
  const rho = (distance - pupil.r) / (limbus.r - pupil.r);
  const edge = 1 / (1 + exactExp(-(Math.sqrt(ex * ex + ey * ey) - limbus.r)));
  const border = 1 / (1 + exactExp(-2 * (distance - pupil.r)));
  const [c, s] = distance === 0 ? [1, 0] : [dx / distance, dy / distance];
  const [tc, ts] = [exactCos(turn), exactSin(turn)];
  const iris = 120 + 16 * texture(Math.max(0, Math.min(1, rho)), c * tc + s * ts, s * tc - c * ts);
  return 35 * (1 - border) + border * (iris * (1 - edge) + 190 * edge);
}

/** Waves around the eye whose phases drift from the pupil to the limbus. */
function irisTexture(identity: number): (rho: number, cos: number, sin: number) => number {
  const { uniform: draw } = stream([1, identity]);
  const waves = Array.from({ length: WAVES }, () => {
    const [frequency, phase, drift, middle, width] = [4 + Math.floor(28 * draw()), TWO_PI * draw(), 14 * (draw() - 0.5), draw(), 0.15 + 0.25 * draw()];
    const parts = Array.from({ length: STEPS + 1 }, (_, step) => {
      const rho = step / STEPS;
      const envelope = 1 / (3.5 * (1 + ((rho - middle) / width) * ((rho - middle) / width)));
      return { real: envelope * exactCos(phase + drift * rho), imaginary: envelope * exactSin(phase + drift * rho) };
    });
    return { frequency, parts };
  });
  return (rho, cos, sin) => {
    const powers = cosinesOf(cos, sin);
    const step = Math.round(rho * STEPS);
    let sum = 0;
    for (const { frequency, parts } of waves) sum += powers.cos[frequency]! * parts[step]!.real - powers.sin[frequency]! * parts[step]!.imaginary;
    return sum;
  };
}

/** cos kφ and sin kφ for k up to 32, by rotation. */
function cosinesOf(cos: number, sin: number): { cos: Float64Array; sin: Float64Array } {
  const out = { cos: new Float64Array(33), sin: new Float64Array(33) };
  out.cos[0] = 1;
  for (let k = 1; k <= 32; k++) {
    out.cos[k] = out.cos[k - 1]! * cos - out.sin[k - 1]! * sin;
    out.sin[k] = out.sin[k - 1]! * cos + out.cos[k - 1]! * sin;
  }
  return out;
}
