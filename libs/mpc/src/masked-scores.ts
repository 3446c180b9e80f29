import { createField, type Field } from '@boop/field';
import { BoopError, type PartyId } from '@boop/shared';
import { type BackEndName } from './back-ends.ts';
import { type CorrelationScope } from './correlation-block.ts';

export const badInput = (message: string): BoopError => new BoopError('comparison.input', message, { kind: 'fatal' });

interface Scores {
  readonly probes: number;
  readonly rows: number;
  readonly shifts: number;
  readonly firstRow: number;
  readonly products: Uint16Array;
  readonly correlations: { readonly lanes: number; readonly scope: CorrelationScope };
}

/** Rows of a block fit the label that `identify` opens. */
const ROWS_MAX = 1 << 20;
const FIRST_ROW_MAX = 2 ** 40;

/** Throws BoopError `comparison.input`. */
export function checkBlockShape(p: number, committee: readonly PartyId[], backEnd: BackEndName, { probes, rows, shifts, firstRow, products, correlations }: Scores, holders: readonly PartyId[]): Field {
  const field = createField(p);
  const sizes = [probes, rows, shifts].every((n) => Number.isInteger(n) && n >= 1) && Number.isInteger(firstRow) && firstRow >= 0;
  if (!sizes || rows > ROWS_MAX || firstRow > FIRST_ROW_MAX || products.length !== probes * rows * shifts) throw badInput('products are probes × shifts × rows');
  if (!areBelow(products, p)) throw badInput('shares are canonical residues');
  const { scope, lanes } = correlations;
  const fits = scope.p === p && scope.backEnd === backEnd && scope.committee.join() === committee.join() && scope.holders.join() === holders.join();
  if (!fits || lanes < products.length) throw badInput('correlations of another committee, or too few');
  return field;
}

/** A plain loop without a branch: a search has hundreds of thousands of products, and a callback each would cost more than the comparison's arithmetic. */
function areBelow(values: Uint16Array, p: number): boolean {
  let signs = 0;
  for (let i = 0; i < values.length; i++) signs |= p - 1 - values[i]!;
  return signs >= 0;
}

/** Products of one block of a probe's rows, products[shift·rows + row]; those of the whole probe lie as said. */
export function blockProducts({ products, productOrder = 'rows', rows: allRows }: { readonly products: Uint16Array; readonly productOrder?: 'rows' | 'shifts'; readonly rows: number }, { firstRow, rows, shifts }: { readonly firstRow: number; readonly rows: number; readonly shifts: number }): Uint16Array {
  if (productOrder === 'shifts' && rows === allRows) return products;
  const out = new Uint16Array(rows * shifts);
  for (let shift = 0; shift < shifts; shift++) {
    if (productOrder === 'shifts') out.set(products.subarray(shift * allRows + firstRow, shift * allRows + firstRow + rows), shift * rows);
    else for (let row = 0; row < rows; row++) out[shift * rows + row] = products[(firstRow + row) * shifts + shift]!;
  }
  return out;
}
