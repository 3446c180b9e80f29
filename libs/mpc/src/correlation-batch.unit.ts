import { describe, expect, test } from '@jest/globals';
import { partyId } from '@boop/shared';
import { CorrelationBatch } from './correlation-batch.ts';

const scope = { p: 8191, batchId: new Uint8Array(16), committee: [1, 2, 3].map(partyId), holders: [1, 2, 3].map(partyId), backEnd: 'digits' } as const;
const lanes = 64;

function batchOf() {
  const mask = new Uint16Array(new ArrayBuffer(2 * lanes));
  for (let lane = 0; lane < lanes; lane++) mask[lane] = lane + 1;
  // Two rows of 64 bits.
  const table = new Uint32Array(new ArrayBuffer(16));
  table.set([1, 2, 3, 4]);
  return { batch: new CorrelationBatch(scope, { lanes, mask, tables: [table] }), mask, table };
}

const reused = expect.objectContaining({ code: 'correlation.reused' });

describe('lanes of a batch', () => {
  test('all at once are handed over, and are the taker\'s: the batch gives none of them out again and wipes none', () => {
    const { batch } = batchOf();
    const slice = batch.take(0, lanes);
    expect(() => batch.take(0, lanes)).toThrow(reused);
    expect(() => batch.take(32, lanes)).toThrow(reused);
    batch.wipe();
    const { mask, tables } = slice.consume();
    expect([...mask]).toEqual(Array.from({ length: lanes }, (_, lane) => lane + 1));
    expect(tables.map((table) => [...table])).toEqual([[1, 2, 3, 4]]);
    expect(() => slice.consume()).toThrow(reused);
  });

  test('in part are copied, and wiped in the batch; its memory is given back with the last ones', () => {
    const { batch, mask, table } = batchOf();
    const first = batch.take(0, 32);
    expect([...mask.subarray(0, 32)]).toEqual(Array.from({ length: 32 }, () => 0));
    expect([...table]).toEqual([0, 2, 0, 4]);
    const second = batch.take(32, lanes);
    expect([mask.length, table.length]).toEqual([0, 0]);
    expect(first.consume().tables.map((rows) => [...rows])).toEqual([[1, 3]]);
    expect(second.consume().tables.map((rows) => [...rows])).toEqual([[2, 4]]);
    expect(() => batch.take(32, lanes)).toThrow(reused);
  });

  test('that nobody took are wiped, and those of a slice that nobody consumed', () => {
    const { batch, mask, table } = batchOf();
    batch.wipe();
    expect([mask.length, table.length]).toEqual([0, 0]);
    expect(() => batch.take(0, lanes)).toThrow(reused);
    const other = batchOf();
    other.batch.take(0, lanes).wipe();
    expect([other.mask.length, other.table.length]).toEqual([0, 0]);
  });
});
