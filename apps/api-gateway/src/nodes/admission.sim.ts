import { describe, expect, test } from '@jest/globals';
import { SimulatedNodes, type Visit } from '../testing/simulated-nodes.ts';

const aloneMs = 300;
const perSecond = 1_000 / aloneMs;
const served = (visits: readonly Visit[]): number[] => visits.filter(({ isServed }) => isServed).map(({ tookMs }) => tookMs);
const refused = (visits: readonly Visit[]): number[] => visits.filter(({ isServed }) => !isServed).map(({ tookMs }) => tookMs);
const quantile = (values: readonly number[], share: number): number => values.toSorted((a, b) => a - b)[Math.floor(share * (values.length - 1))]!;

/** Nodes that serve one at a time as fast as they can, after 20 s with little to do. */
async function smallMachine(seed: number): Promise<SimulatedNodes> {
  const nodes = new SimulatedNodes({ capacity: 1, serviceMs: aloneMs, seed });
  await nodes.open(0.2 * perSecond, 20_000);
  nodes.visits.length = 0;
  return nodes;
}

describe('admission to nodes that serve one at a time', () => {
  test.each([1, 2, 3])('offered ten times as much, whoever is served is served in time, the others learn it at once, and the nodes are never idle (%i)', async (seed) => {
    const nodes = await smallMachine(seed);
    await nodes.open(10 * perSecond, 30_000);
    const times = served(nodes.visits);
    expect(quantile(times, 0.5)).toBeLessThan(1.2 * aloneMs);
    // A run takes up to a fifth more alone; the others came with the first, or while two at once were tried.
    expect(quantile(times, 0.9)).toBeLessThan(1.2 * 1.2 * aloneMs);
    expect(times.length).toBeGreaterThan(0.9 * perSecond * 30);
    expect(quantile(refused(nodes.visits), 0.99)).toBeLessThan(0.2 * aloneMs);
  });

  test.each([1.5, 3])('offered %f times as much, most are served in time', async (factor) => {
    const nodes = await smallMachine(5);
    await nodes.open(factor * perSecond, 30_000);
    const times = served(nodes.visits);
    expect(quantile(times, 0.5)).toBeLessThan(1.2 * aloneMs);
    expect(times.length).toBeGreaterThan(0.6 * perSecond * 30);
  });

  test.each([2, 3, 4])('%i at once are all served, one after the other', async (persons) => {
    const nodes = await smallMachine(5);
    for (let i = 0; i < 5; i++) {
      for (let at = 0; at < persons; at++) void nodes.visit();
      await nodes.rest(5_000);
    }
    expect(nodes.visits.map(({ isServed }) => isServed)).toEqual(Array.from({ length: 5 * persons }, () => true));
    expect(quantile(served(nodes.visits), 1)).toBeLessThan(1.2 * persons * aloneMs);
  });

  test.each([2, 3])('%i who come again and again are all served', async (persons) => {
    const nodes = await smallMachine(5);
    await nodes.closed(persons, 60_000);
    expect(refused(nodes.visits)).toEqual([]);
    expect(nodes.visits.length).toBeGreaterThan(0.9 * perSecond * 60);
  });

  test('twenty who come again and again: those who are served are served in time', async () => {
    const nodes = await smallMachine(5);
    await nodes.closed(20, 30_000);
    expect(quantile(served(nodes.visits), 0.5)).toBeLessThan(1.2 * aloneMs);
    expect(served(nodes.visits).length).toBeGreaterThan(0.9 * perSecond * 30);
  });

  test('nobody is refused as soon as few come again', async () => {
    const nodes = await smallMachine(5);
    await nodes.open(10 * perSecond, 10_000);
    await nodes.rest(5_000);
    nodes.visits.length = 0;
    await nodes.closed(3, 10_000);
    expect(refused(nodes.visits)).toEqual([]);
  });

  test('nobody waits long behind somebody whose run hangs', async () => {
    const nodes = await smallMachine(5);
    nodes.serviceMs = 100_000;
    for (let at = 0; at < 3; at++) void nodes.visit();
    await nodes.rest(10_000);
    expect(refused(nodes.visits)).toHaveLength(2);
    expect(quantile(refused(nodes.visits), 1)).toBeLessThanOrEqual(3_000);
  });
});

describe('admission to nodes that serve many at a time', () => {
  test('they are asked for as many as they serve in time', async () => {
    const nodes = new SimulatedNodes({ capacity: 16, serviceMs: 50 });
    await nodes.open(32, 5_000);
    await nodes.open(3_200, 5_000);
    nodes.visits.length = 0;
    await nodes.open(3_200, 10_000);
    const times = served(nodes.visits);
    expect(times.length).toBeGreaterThan(0.85 * 320 * 10);
    expect(quantile(times, 0.5)).toBeLessThan(1.25 * 50);
  });

  test('what became slow, or fast, by itself is not taken for overload, or its absence, for ever', async () => {
    const nodes = new SimulatedNodes({ capacity: 4, serviceMs: 20 });
    await nodes.open(400, 10_000);
    nodes.serviceMs = 200;
    await nodes.open(60, 100_000);
    nodes.visits.length = 0;
    await nodes.open(60, 20_000);
    expect(served(nodes.visits).length).toBeGreaterThan(0.6 * 20 * 20);
    expect(quantile(served(nodes.visits), 0.5)).toBeLessThan(1.25 * 200);
    nodes.serviceMs = 20;
    await nodes.open(600, 70_000);
    nodes.visits.length = 0;
    await nodes.open(600, 10_000);
    expect(quantile(served(nodes.visits), 0.5)).toBeLessThan(1.5 * 20);
  });
});
