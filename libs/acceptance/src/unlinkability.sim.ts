import { expect, test } from '@jest/globals';
import { encodePalm, syntheticPalm } from '@boop/biometric';
import { palmStatistic, parseShare, reconstructTemplate, score, splitTemplate } from '@boop/mpc';
import { partyId } from '@boop/shared';
import { seededRng } from '@boop/testing';

/**
 * Unlinkability (ISO/IEC 24745): whether one node that sees two enrolments can tell if they are of one palm. Linkers score pairs of what a
 * node holds; the area under their ROC over mated and non-mated pairs is 1/2 if they learn nothing. By the sharing itself a share is uniform whatever the
 * template is; this looks for a mistake in what is really handed out: encodings, reused randomness, padding.
 */
const parameters = { nodes: 5, threshold: 1 };
const pairs = 120;
const rng = seededRng(31);

interface Enrolment {
  readonly palm: number;
  /** As sent, one per node. */
  readonly shares: readonly Uint8Array[];
}

const enrolments = Array.from({ length: 2 * pairs }, (_, i): Enrolment => {
  const palm = i >> 1;
  const { template } = encodePalm(syntheticPalm({ identity: palm, position: 'left-palm', capture: i & 1 }));
  return { palm, shares: splitTemplate(template.values, palmStatistic, parameters, rng) };
});
const mated = Array.from({ length: pairs }, (_, i) => [enrolments[2 * i]!, enrolments[2 * i + 1]!] as const);
const nonMated = Array.from({ length: pairs }, (_, i) => [enrolments[2 * i]!, enrolments[(2 * i + 3) % (2 * pairs)]!] as const);

const residues = (bytes: Uint8Array): Int16Array => parseShare(bytes, palmStatistic);
/** Without a look at globals inside: these loops run millions of times. */
const sumOver = (a: ArrayLike<number>, b: ArrayLike<number>, term: (x: number, y: number) => number): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += term(a[i]!, b[i]!);
  return sum;
};
const linkers: readonly (readonly [string, (a: Uint8Array, b: Uint8Array) => number])[] = [
  ['correlation of residues', (a, b) => sumOver(residues(a), residues(b), (x, y) => x * y)],
  ['size of residues', (a, b) => sumOver(residues(a), residues(b), (x, y) => (x < 0 ? -x : x) * (y < 0 ? -y : y))],
  ['equal residues', (a, b) => sumOver(residues(a), residues(b), (x, y) => (x === y || x === -y ? 1 : 0))],
  ['inner product modulo p', (a, b) => sumOver(residues(a), residues(b), (x, y) => x * y) % palmStatistic.p],
  ['equal lowest bits of the bytes', (a, b) => sumOver(a, b, (x, y) => 1 ^ ((x ^ y) & 1))],
  ['neighbouring differences', (a, b) => sumOver(residues(a).subarray(1), residues(b), (x, y) => (x - y < 8 && y - x < 8 ? 1 : 0))],
];

/** Area under the ROC: how often a mated pair scores above a non-mated one, ties half. */
function areaUnderRoc(linker: (pair: readonly [Enrolment, Enrolment]) => number): number {
  const genuine = mated.map(linker);
  const impostor = nonMated.map(linker);
  let above = 0;
  for (const g of genuine) for (const i of impostor) above += g > i ? 1 : g === i ? 0.5 : 0;
  return above / (genuine.length * impostor.length);
}

/** Five standard deviations of the area where nothing is learnt (Mann–Whitney). */
const tolerance = 5 * Math.sqrt((2 * pairs + 1) / (12 * pairs * pairs));

test.each(linkers)('two enrolments of a palm, seen by one node, are not linked by %s', (_, linker) => {
  for (const node of [0, 2, 4]) expect(Math.abs(areaUnderRoc(([a, b]) => linker(a.shares[node]!, b.shares[node]!)) - 0.5)).toBeLessThan(tolerance);
});

test('t + 1 nodes together link them all: the linkers above look at pairs that can be linked', () => {
  const template = ({ shares }: Enrolment): Int8Array => reconstructTemplate(new Map([1, 4].map((node) => [partyId(node), shares[node - 1]!])), palmStatistic, 1);
  expect(areaUnderRoc(([a, b]) => score(palmStatistic, template(a), template(b)))).toBe(1);
});
