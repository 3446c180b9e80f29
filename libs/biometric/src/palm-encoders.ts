import { BoopError } from '@boop/shared';
import { type FilterBank, filterBank } from './compcode/kernels.ts';

/** Versions of the palm encoder that are known here. Templates of two versions do not compare. */
export const palmEncoders = ['palm-compcode-0', 'palm-compcode-1'] as const;
export type Encoder = (typeof palmEncoders)[number];
/** The version that new captures are encoded with. */
export const PALM_ENCODER: Encoder = 'palm-compcode-1';

/** What distinguishes one version from another; the layout of a template is the same for all. */
export interface EncoderRecipe {
  readonly bank: FilterBank;
  /** Whether filters see the image normalised by local mean and deviation, or its grey levels as they are. */
  readonly normalised: boolean;
  /** Difference of a cell's answers below which no orientation stands out, 2^12 times the unit of the filters' input. */
  readonly spreadMin: number;
  /** Share of a capture's cells, those of the least differences, that leave the mask whatever their difference. */
  readonly weakestShare: number;
  readonly fusion: FusionRecipe;
}

export interface FusionRecipe {
  /** Turns about the centre, in degrees, that each sample votes under, and how many votes it has there. */
  readonly turns: readonly { readonly degrees: number; readonly votes: number }[];
  /** Largest mean distance of votes from their median, in steps of π/6, of a cell that stays in the mask. */
  readonly distanceMax: number;
  /** Where the reference lies: where the medoid does, or at the mean of all samples. */
  readonly centred: boolean;
}

/** Votes fall off with the angle, about as hands do between visits. */
const TURNS = [
  { degrees: -7.5, votes: 1 },
  { degrees: -5, votes: 1 },
  { degrees: -2.5, votes: 2 },
  { degrees: 0, votes: 3 },
  { degrees: 2.5, votes: 2 },
  { degrees: 5, votes: 1 },
  { degrees: 7.5, votes: 1 },
];

// Version 0 was tuned on ten palms and fails on others; it stays so that its templates can be read and compared.
const RECIPES: Readonly<Record<Encoder, EncoderRecipe>> = {
  'palm-compcode-0': {
    bank: filterBank({ wavelength: 12.5, across: 0.3, along: 0.4 }),
    normalised: true,
    spreadMin: 320_000,
    weakestShare: 0,
    fusion: { turns: [{ degrees: 0, votes: 1 }], distanceMax: 2 / 3, centred: false },
  },
  'palm-compcode-1': {
    bank: filterBank({ wavelength: 7.2, across: 0.3, along: 0.55 }),
    normalised: false,
    // Answers of unit-norm filters to noise of one grey level differ by about 5 (sums of four pixels).
    spreadMin: 20_480,
    weakestShare: 0.04,
    fusion: { turns: TURNS, distanceMax: 1.1, centred: true },
  },
};

/** @throws BoopError `template.unknown-encoder` */
export function recipeOf(encoder: string): EncoderRecipe {
  if (!isEncoder(encoder)) throw new BoopError('template.unknown-encoder', 'the template is of an encoder version that is not known here');
  return RECIPES[encoder];
}

export const isEncoder = (name: string): name is Encoder => (palmEncoders as readonly string[]).includes(name);
