import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { blockWidths, checkForm, chooseForm } from './run-form.ts';

const shifts = 25;
const nothing = { roundTripMs: 0, oneHotLanes: 0, digitLanes: 0, threshold: 1, p: 8191 };

describe('the form of a run', () => {
  test('is one that its members take, with lanes for all rows, whatever the gallery and the stock', () => {
    const input = fc.record({ roundTripMs: fc.double({ min: 0, max: 300, noNaN: true }), oneHotLanes: fc.nat(1 << 20), digitLanes: fc.nat(1 << 24), threshold: fc.integer({ min: 1, max: 3 }), p: fc.constant(8191) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200_000 }), fc.constantFrom('identify' as const, 'any' as const), input, (rows, opening, stock) => {
        const form = chooseForm({ rows, opening }, shifts, stock);
        expect(() => checkForm({ rows, opening }, form)).not.toThrow();
        const widths = blockWidths(rows, shifts, form);
        expect(widths.length).toBeLessThanOrEqual(16);
        expect(widths.every((width) => width % 32 === 0)).toBe(true);
        const lanes = widths.reduce((sum, width) => sum + width, 0);
        expect(lanes).toBeGreaterThanOrEqual(rows * shifts);
        expect(lanes).toBeLessThan(rows * shifts + 32);
      }),
    );
  });

  test.each([
    ['a decision about one row takes one-hot lanes from stock', { rows: 1, opening: 'any' }, { oneHotLanes: 8_192, digitLanes: 500_000 }, { backEnd: 'one-hot', blockRows: 1, reason: 'pool_covers_run' }],
    ['a search takes digits from stock', { rows: 10_000, opening: 'identify' }, { oneHotLanes: 8_192, digitLanes: 500_000 }, { backEnd: 'digits', blockRows: 10_000, reason: 'pool_covers_run' }],
    ['a larger one is cut into blocks', { rows: 30_000, opening: 'identify' }, { digitLanes: 800_000 }, { backEnd: 'digits', blockRows: 10_368 }],
    ['blocks have no more lanes than they may', { rows: 10_000, opening: 'identify' }, { digitLanes: 500_000, lanesPerBlock: 65_536 }, { blockRows: 2_560 }],
    ['a search without stock makes digits', { rows: 10_000, opening: 'identify' }, {}, { backEnd: 'digits', adder: 'ripple', reason: 'bytes_dominate' }],
    ['what opens "all" is one block', { rows: 5_000, opening: 'all' }, {}, { blockRows: 5_000 }],
    ['blocks grow before a transcript is full', { rows: 200_000, opening: 'identify' }, {}, { blockRows: 12_544 }],
  ] as const)('%s', (_, plan, stock, form) => {
    expect(chooseForm(plan, shifts, { ...nothing, ...stock })).toMatchObject(form);
  });

  test.each([
    ['more blocks than a transcript holds', { rows: 10_000, opening: 'identify' }, 512],
    ['blocks of odd rows', { rows: 1_000, opening: 'any' }, 100],
    ['several blocks where all must match', { rows: 1_000, opening: 'all' }, 512],
  ] as const)('refuses %s', (_, plan, blockRows) => {
    expect(() => checkForm(plan, { backEnd: 'digits', blockRows })).toThrow(expect.objectContaining({ code: 'run.malformed' }));
  });
});
