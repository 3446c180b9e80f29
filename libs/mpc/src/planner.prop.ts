import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { backEnds, type ComparisonPlan, planComparison, type PlanInput, planReasons, planSearch, type SearchInput, searchReasons } from './index.ts';

const inputs: fc.Arbitrary<PlanInput> = fc.record({
  comparisons: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 1e8 })),
  roundTripMs: fc.double({ min: 0, max: 1000, noNaN: true }),
  poolLanes: fc.integer({ min: 0, max: 1 << 20 }),
  digitLanes: fc.integer({ min: 0, max: 1 << 24 }),
  threshold: fc.integer({ min: 1, max: 3 }),
  p: fc.constantFrom(8191, 65521),
});
const unpooled = inputs.map((input) => ({ ...input, poolLanes: -1, digitLanes: -1 }));

const bits = ({ backEnd, adder }: ComparisonPlan, { p, threshold }: PlanInput): number => backEnds[backEnd].onlineBits(p, threshold) + backEnds[backEnd].offlineBits(p, threshold, adder);
const rounds = ({ backEnd, adder }: ComparisonPlan, { p, threshold }: PlanInput): number => backEnds[backEnd].onlineRounds(p) + backEnds[backEnd].offlineRounds(p, threshold, adder);

describe('the planner', () => {
  test('has a plan for everything, in whole vectors and with a known reason', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const plan = planComparison(input);
        expect(plan.blockLanes % 128).toBe(0);
        expect(plan.blockLanes).toBeGreaterThanOrEqual(128);
        expect(plan.blockLanes).toBeLessThanOrEqual(262_144);
        expect(planReasons).toContain(plan.reason);
        expect(plan.pooled).toBe(input.comparisons <= Math.max(input.poolLanes, input.digitLanes!));
        if (plan.pooled) expect(plan).toMatchObject({ backEnd: input.comparisons <= input.poolLanes ? 'one-hot' : 'digits', reason: 'pool_covers_run' });
      }),
    );
  });

  test('never takes more bits per lane for more lanes', () => {
    fc.assert(
      fc.property(unpooled, fc.integer({ min: 0, max: 1e8 }), (input, more) => {
        const larger = { ...input, comparisons: input.comparisons + more };
        expect(bits(planComparison(larger), larger)).toBeLessThanOrEqual(bits(planComparison(input), input));
        if (planComparison(input).orForm === 'tree') expect(planComparison(larger).orForm).toBe('tree');
      }),
    );
  });

  test('never takes more rounds for a longer round trip', () => {
    fc.assert(
      fc.property(unpooled, fc.double({ min: 0, max: 1000, noNaN: true }), (input, more) => {
        const farther = { ...input, roundTripMs: input.roundTripMs + more };
        expect(rounds(planComparison(farther), farther)).toBeLessThanOrEqual(rounds(planComparison(input), input));
        if (planComparison(input).orForm === 'sum') expect(planComparison(farther).orForm).toBe('sum');
      }),
    );
  });

  test('a fuller pool keeps a run in the pool', () => {
    fc.assert(fc.property(inputs, fc.integer({ min: 0, max: 1e6 }), (input, more) => !planComparison(input).pooled || planComparison({ ...input, poolLanes: input.poolLanes + more }).pooled));
  });

  test.each([
    ['one to one, lanes in stock', { comparisons: 25, roundTripMs: 40, poolLanes: 4096 }, { backEnd: 'one-hot', orForm: 'sum', pooled: true }],
    ['one to one over a wide-area network, nothing in stock', { comparisons: 25, roundTripMs: 40, poolLanes: 0 }, { adder: 'log', orForm: 'sum', reason: 'rounds_dominate' }],
    ['100,000 palms on a local network', { comparisons: 2_500_000, roundTripMs: 0.1, poolLanes: 65_536 }, { backEnd: 'digits', adder: 'ripple', orForm: 'tree', reason: 'bytes_dominate' }],
  ])('%s', (_, input, plan) => {
    expect(planComparison({ threshold: 1, p: 8191, ...input })).toMatchObject(plan);
  });
});

describe('the order of a search', () => {
  const searches: fc.Arbitrary<SearchInput> = fc.record({
    comparisons: fc.oneof(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 0, max: 1e8 })),
    committees: fc.integer({ min: 1, max: 21 }),
    roundTripMs: fc.double({ min: 0, max: 1000, noNaN: true }),
    stocked: fc.boolean(),
  });
  const isTogether = (input: SearchInput): boolean => planSearch(input).order === 'together';

  test('has a known reason, and takes what is in stock alone', () => {
    fc.assert(
      fc.property(searches, (input) => {
        expect(searchReasons).toContain(planSearch(input).reason);
        if (isTogether(input)) expect(input).toMatchObject({ stocked: true });
      }),
    );
  });

  test('is never together for more lanes or committees, nor in turn for a longer round trip', () => {
    fc.assert(
      fc.property(searches, fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 0, max: 20 }), fc.double({ min: 0, max: 1000, noNaN: true }), (input, lanes, committees, more) => {
        const larger = { ...input, comparisons: input.comparisons + lanes, committees: Math.max(2, input.committees) + committees };
        if (isTogether(larger)) expect(isTogether({ ...larger, comparisons: input.comparisons, committees: Math.max(2, input.committees) })).toBe(true);
        if (isTogether(input)) expect(isTogether({ ...input, roundTripMs: input.roundTripMs + more })).toBe(true);
      }),
    );
  });

  test.each([
    ['a small gallery on one site', { comparisons: 2_500, committees: 3, roundTripMs: 0.2, stocked: true }, { order: 'together', reason: 'rounds_dominate' }],
    ['10,000 palms on one site', { comparisons: 250_000, committees: 3, roundTripMs: 0.2, stocked: true }, { order: 'in-turn', reason: 'lanes_dominate' }],
    ['10,000 palms, nodes 20 ms apart', { comparisons: 250_000, committees: 3, roundTripMs: 40, stocked: true }, { order: 'together', reason: 'rounds_dominate' }],
    ['the same with nothing in stock', { comparisons: 250_000, committees: 3, roundTripMs: 40, stocked: false }, { order: 'in-turn', reason: 'not_in_stock' }],
    ['21 committees', { comparisons: 250_000, committees: 21, roundTripMs: 40, stocked: true }, { order: 'in-turn', reason: 'lanes_dominate' }],
    ['too few nodes for a family', { comparisons: 25, committees: 1, roundTripMs: 40, stocked: true }, { order: 'in-turn', reason: 'one_committee' }],
  ])('%s', (_, input, plan) => {
    expect(planSearch(input)).toEqual(plan);
  });
});
