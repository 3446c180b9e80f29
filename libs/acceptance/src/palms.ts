import { syntheticPalm } from '@boop/biometric';
import { type Position } from '@boop/identity';
import { encodeGreyBmp } from '@boop/sdk';
import { realPalms } from './captures.ts';

/** Capture files of one palm. */
export interface Palm {
  readonly samples: readonly Uint8Array[];
  /** Other captures of the same palm, three or more. */
  readonly others: readonly Uint8Array[];
}

const samplesPerPalm = 3;
const capturesPerPalm = 9;

/** A palm that belongs to nobody; its samples and the first of its other captures are of one session. */
export function syntheticPalmOf(identity: number, position: Position = 'right-palm'): Palm {
  const captures = Array.from({ length: capturesPerPalm }, (_, capture) => encodeGreyBmp(syntheticPalm({ identity, position, capture })));
  return { samples: captures.slice(0, samplesPerPalm), others: captures.slice(samplesPerPalm) };
}

/** Two real palms beside the project, or synthetic ones where there are none. */
export function realPalmsOrSynthetic(): readonly Palm[] {
  const real = [...realPalms('polyu-nir').values()].slice(0, 2).map((captures): Palm => ({ samples: captures.slice(0, samplesPerPalm), others: captures.slice(samplesPerPalm) }));
  return real.length > 0 ? real : [syntheticPalmOf(900), syntheticPalmOf(901)];
}

/** A capture of nothing. */
export const blankCapture = (side = 128): Uint8Array => encodeGreyBmp({ width: side, height: side, pixels: new Uint8Array(side * side).fill(128) });
