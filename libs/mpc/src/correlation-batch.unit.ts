import { describe, expect, test } from '@jest/globals';
import { partyId } from '@boop/shared';
import fc from 'fast-check';
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
    expect(batch.lanesLeft).toBe(0);
  });

  test('are taken in any order, each once, and the batch keeps what is left', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 1 }), (words) => {
        const mask = Uint16Array.from({ length: 256 }, (_, lane) => lane + 1);
        // Two rows of eight words.
        const table = Uint32Array.from({ length: 16 }, (_, at) => at + 1);
        const batch = new CorrelationBatch(scope, { lanes: 256, mask, tables: [table] });
        for (const word of words) {
          const taken = batch.take(32 * word, 32 * word + 32).consume();
          expect([taken.mask[0], taken.mask[31], ...taken.tables[0]!]).toEqual([32 * word + 1, 32 * word + 32, word + 1, word + 9]);
          expect(() => batch.take(32 * word, 32 * word + 32)).toThrow(reused);
        }
        const left = [0, 1, 2, 3, 4, 5, 6, 7].filter((word) => !words.includes(word));
        expect([batch.lanesLeft, batch.nextLane]).toEqual([32 * left.length, 32 * (left[0] ?? 8)]);
        // Empty once all are taken.
        expect(Array.from({ length: table.length }, (_, at) => table[at]!).filter((bits) => bits > 0)).toEqual([...left.map((word) => word + 1), ...left.map((word) => word + 9)]);
        for (const word of left) expect(batch.take(32 * word, 32 * word + 32).consume().tables[0]).toEqual(Uint32Array.of(word + 1, word + 9));
      }),
    );
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
