import { type Position } from '../../encode-palm.ts';
import { type GreyImage } from '../../image/grey-image.ts';
import { syntheticPalm } from '../../synthetic/synthetic-palm.ts';

export interface HandPlacement {
  readonly identity: number;
  readonly position?: Position;
  readonly capture?: number;
  /** Degrees clockwise from fingers up. */
  readonly turned?: number;
  /** Width of the palm in pixels. */
  readonly palmPixels?: number;
  /** Centre of the palm, in shares of the view. */
  readonly at?: readonly [number, number];
  /** Of the fingers: 1 well apart, 0 closed. */
  readonly spread?: number;
  readonly thumb?: boolean;
  readonly background?: number;
}

const [WIDTH, HEIGHT] = [560, 440];
interface Capsule {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  readonly radius: number;
}

/** A right hand, palm towards the viewer, in units of the palm's width: fingers up are towards negative y, the thumb is to the right. */
function shapeOf(spread: number, thumb: boolean): Capsule[] {
  const fingers = [
    { base: [-0.385, -0.4], length: 0.62, degrees: -16 },
    { base: [-0.13, -0.45], length: 0.85, degrees: -5 },
    { base: [0.13, -0.45], length: 0.92, degrees: 5 },
    { base: [0.385, -0.42], length: 0.8, degrees: 15 },
  ].map(({ base, length, degrees }): Capsule => {
    const angle = (degrees * spread * Math.PI) / 180;
    const squeezed = base[0]! * (0.7 + 0.3 * spread);
    return { from: [squeezed, base[1]!], to: [squeezed + length * Math.sin(angle), base[1]! - length * Math.cos(angle)], radius: 0.1 };
  });
  const palm: Capsule[] = [-0.3, -0.1, 0.1, 0.3].map((x) => ({ from: [x, -0.28], to: [0.85 * x, 0.35], radius: 0.2 }));
  const wrist: Capsule[] = [-0.12, 0.12].map((x) => ({ from: [x, 0.3], to: [x, 4], radius: 0.2 }));
  return [...fingers, ...palm, ...wrist, ...(thumb ? [{ from: [0.3, 0.3], to: [0.85, -0.25], radius: 0.12 } satisfies Capsule] : [])];
}

/** A hand that belongs to nobody before a dark background, its palm the synthetic one of the identity. */
export function syntheticHand({ identity, position = 'right-palm', capture = 0, turned = 0, palmPixels = 190, at = [0.5, 0.66], spread = 1, thumb = true, background = 20 }: HandPlacement): GreyImage {
  const palm = syntheticPalm({ identity, position, capture });
  const shape = shapeOf(spread, thumb);
  const angle = (turned * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const mirror = position === 'right-palm' ? 1 : -1;
  const pixels = new Uint8Array(WIDTH * HEIGHT).fill(background);
  for (let py = 0; py < HEIGHT; py++) {
    for (let px = 0; px < WIDTH; px++) {
      const dx = (px - at[0] * WIDTH) / palmPixels;
      const dy = (py - at[1] * HEIGHT) / palmPixels;
      const x = cosine * dx + sine * dy;
      const y = cosine * dy - sine * dx;
      if (!shape.some((capsule) => within(capsule, mirror * x, y))) continue;
      const u = Math.floor(((x + 0.36) / 0.72) * palm.width);
      const v = Math.floor(((y + 0.44) / 0.72) * palm.height);
      pixels[py * WIDTH + px] = u < 0 || v < 0 || u >= palm.width || v >= palm.height ? 120 : palm.pixels[v * palm.width + u]!;
    }
  }
  return { width: WIDTH, height: HEIGHT, pixels };
}

function within({ from, to, radius }: Capsule, x: number, y: number): boolean {
  const ax = to[0] - from[0];
  const ay = to[1] - from[1];
  const share = Math.min(1, Math.max(0, ((x - from[0]) * ax + (y - from[1]) * ay) / (ax * ax + ay * ay)));
  return (x - from[0] - share * ax) ** 2 + (y - from[1] - share * ay) ** 2 <= radius * radius;
}
