import { createField, evaluatePolynomial } from '@boop/field';
import { type PartyId, partyId, roundMachine, utf8 } from '@boop/shared';
import { runSimulation, seededRng } from '@boop/testing';
import { agreeHolderKeys } from '../key-agreement.ts';
import { type HolderKeys } from '../holder-keys.ts';
import { checkSplitProtocol, type SplitCheckInput } from '../split-check.ts';
import { type Statistic } from '../statistic.ts';
import { id16, type Machines, outputsOf } from './committee-harness.ts';

/** One template as a splitter hands it in: any field elements, any declaration. */
export interface HandedIn {
  readonly values: readonly number[];
  readonly valid: number;
}

/** What each node, by position, gets of one template: residues, not yet balanced. */
export type ShareTable = number[][];

export const allParties = (nodes: number): PartyId[] => Array.from({ length: nodes }, (_, i) => partyId(i + 1));

/** Shares arbitrary field elements with polynomials of the given degree: a splitter that follows no rule but this. */
export function shareAnything(values: readonly number[], p: number, nodes: number, degree: number, next: () => number): ShareTable {
  const field = createField(p);
  const table: ShareTable = Array.from({ length: nodes }, () => []);
  for (const value of values) {
    const polynomial = [field.reduce(value), ...Array.from({ length: degree }, () => next() % p)];
    table.forEach((shares, i) => shares.push(evaluatePolynomial(field, polynomial, i + 1)));
  }
  return table;
}

export function holderKeys(parties: readonly PartyId[], threshold: number, seed = 1): Map<PartyId, HolderKeys> {
  const context = utf8('test network, epoch 1');
  return outputsOf(runSimulation(new Map(parties.map((self) => [self, roundMachine(() => agreeHolderKeys({ self, parties, threshold, context }, seededRng(seed * 1000 + self)))])), { seed }));
}

export interface CheckSetup extends Pick<SplitCheckInput, 'statistic' | 'prf' | 'onOpen'> {
  readonly keys: ReadonlyMap<PartyId, HolderKeys>;
  readonly threshold: number;
  readonly runId: string;
  readonly items: readonly { readonly table: ShareTable; readonly valid: number }[];
  readonly splitHash?: (party: PartyId) => Uint8Array;
}

export function splitCheckMachines({ keys, threshold, runId, items, statistic, splitHash, ...rest }: CheckSetup): Machines<void> {
  const { balance } = createField(statistic.p);
  const parties = [...keys.keys()];
  return new Map(
    parties.map((self) => {
      const own = items.map(({ table, valid }) => ({ share: Int16Array.from(table[self - 1]!, balance), valid }));
      const input = { ...rest, statistic, self, parties, threshold, keys: keys.get(self)!, runId: id16(runId), splitHash: splitHash?.(self) ?? utf8(`hash of ${runId}`), items: own };
      return [self, roundMachine(() => checkSplitProtocol(input))];
    }),
  );
}

/** Two codes to a mask coordinate, as iris codes have them. */
export const pairedStatistic: Statistic = Object.freeze({
  id: 'paired-test-1',
  p: 65521,
  coordinates: 96,
  codeCoordinates: 64,
  validMin: 16,
  alpha: 2,
  beta: 1,
  scoreMin: -160,
  scoreMax: 96,
  shifts: [Int32Array.from({ length: 96 }, (_, i) => i)],
});
