import { createField, evaluatePolynomial, uniformResidues } from '@boop/field';
import { type AuthenticationContext, sessionIdOf } from '@boop/identity';
import { palmStatistic } from '@boop/mpc';
import { type SealedSplit } from '@boop/protocol';
import { type Rng } from '@boop/shared';
import { randomPalm, sealShares, type Splitter } from './fixtures.ts';

const { p, coordinates, codeCoordinates } = palmStatistic;
const pixels = coordinates - codeCoordinates;
const field = createField(p);

/** What each node gets, node i's residues at index i − 1. */
export type ShareTable = Uint16Array[];

/** What a splitter hands in: any field elements, any degree, any declared number of valid coordinates. */
export interface HandedIn {
  readonly values: ArrayLike<number>;
  readonly valid: number;
  /** Above the threshold t. */
  readonly extraDegree?: number;
  /** Changes shares after they were made. */
  readonly spoil?: (table: ShareTable) => void;
}

/** c = 0, m = −1 scores −⟨m, m'⟩ with a positive sign: it matches nearly everybody. */
export const wolf = (): Int8Array => new Int8Array(coordinates).fill(-1, codeCoordinates);

function edited(palm: Int8Array, at: number, value: number): Int8Array {
  const values = palm.slice();
  values[at] = value;
  return values;
}

/** Only the first `count` pixels of a palm. */
function lightened(palm: Int8Array, count: number): Int8Array {
  return palm.map((value, i) => ((i < codeCoordinates ? Math.floor(i / 3) : i - codeCoordinates) < count ? value : 0));
}

/** Ways to cheat, by what is wrong. */
export function cheats(rng: Rng): [name: string, handedIn: HandedIn][] {
  const palm = randomPalm(rng);
  return [
    ['the wolf c = 0, m = −1', { values: wolf(), valid: pixels }],
    ['random field elements', { values: uniformResidues(field, coordinates, rng), valid: pixels }],
    ['a code coordinate of 2', { values: edited(palm, 7, 2), valid: pixels }],
    ['a code coordinate of −2', { values: edited(palm, 3000, -2), valid: pixels }],
    ['a mask coordinate of 2', { values: edited(palm, codeCoordinates, 2), valid: pixels }],
    ['a mask too light, declared as enough', { values: lightened(palm, 36), valid: 512 }],
    ['a mask too light, as declared', { values: lightened(palm, 36), valid: 36 }],
    ['one valid coordinate more than declared', { values: palm, valid: pixels - 1 }],
    ['shares of degree t + 1', { values: palm, valid: pixels, extraDegree: 1 }],
    ['a share that is off at one node', { values: palm, valid: pixels, spoil: (table) => void (table[2]![11] = (table[2]![11]! + 1) % p) }],
  ];
}

/** Shares and encodes what is handed in. @returns per node its bytes */
export function shareHandedIn({ values, extraDegree = 0, spoil }: HandedIn, { manifest, rng }: Splitter): Uint8Array[] {
  const nodes = manifest.members.length;
  const degree = manifest.threshold + extraDegree;
  const table: ShareTable = Array.from({ length: nodes }, () => new Uint16Array(coordinates));
  for (let i = 0; i < coordinates; i++) {
    const polynomial = [field.reduce(values[i]!), ...uniformResidues(field, degree, rng)];
    table.forEach((row, at) => (row[i] = evaluatePolynomial(field, polynomial, at + 1)));
  }
  spoil?.(table);
  return table.map((row) => Uint8Array.from({ length: 2 * coordinates }, (_, i) => (i % 2 === 0 ? row[i >> 1]! & 255 : row[i >> 1]! >> 8)));
}

/** A probe of what is handed in, sealed and signed as if it were in order. */
export async function cheatingProbe(splitter: Splitter, context: AuthenticationContext, handedIn: HandedIn): Promise<{ context: AuthenticationContext; split: SealedSplit }> {
  const header = { purpose: 'authentication' as const, sessionId: sessionIdOf(context), items: [{ role: 'probe' as const, valid: handedIn.valid }] };
  return { context, split: await sealShares(splitter, header, shareHandedIn(handedIn, splitter)) };
}
