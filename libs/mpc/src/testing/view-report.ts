import { type PartyId } from '@boop/shared';
import { type BackEndName } from '../back-ends.ts';
import { bitView, recordRun, residueView, type Recorded } from './coalition-view.ts';
import { affineRankOfBits, affineRankOfResidues, largestBias } from './relations.ts';

export interface ViewCase {
  readonly threshold: number;
  readonly backEnd: BackEndName;
  readonly p: number;
  /** More than there are columns in a view: a relation that holds in all of them by chance has a probability of 2^(columns − lanes). */
  readonly lanes: number;
  /** With the masks that the coalition can compute. */
  readonly masks: boolean;
}

/** Two pairs of templates with other products, and other decisions. */
const inputs = [
  { probe: 1, row: -500 },
  { probe: 30, row: 30 },
];

/** The same block with either input, each under keys of its own. */
export const recordBoth = (viewed: ViewCase): Recorded[] => inputs.map((input, i) => recordRun({ ...viewed, ...input, seed: 16 * viewed.threshold + i }));

export interface ViewReport {
  readonly bitsReceived: number;
  /** Affine relations over GF(2) among all that is seen, beyond those among what was known. */
  readonly bitRelations: number;
  /** Those among what was known, the same for every input. */
  readonly knownRank: number;
  /** Largest |z| of what is received, bit by bit and XORed with any other bit of the view, against fair bits. */
  readonly bias: number;
  readonly residuesReceived: number;
  readonly residueRelations: number;
  readonly knownResidueRank: number;
}

export function viewReport(run: Recorded, coalition: readonly PartyId[], masks: boolean): ViewReport {
  const bits = bitView(run, coalition, masks);
  const residues = residueView(run, coalition);
  const knownRank = affineRankOfBits(bits.known);
  const knownResidueRank = affineRankOfResidues(run.p, residues.known);
  return {
    bitsReceived: bits.received.length,
    bitRelations: knownRank + bits.received.length - affineRankOfBits([...bits.known, ...bits.received]),
    knownRank,
    bias: largestBias(bits.received, bits.known),
    residuesReceived: residues.received.length,
    residueRelations: knownResidueRank + residues.received.length - affineRankOfResidues(run.p, [...residues.known, ...residues.received]),
    knownResidueRank,
  };
}
