import { describe, expect, test } from '@jest/globals';
import { createField, lagrangeCoefficients } from '@boop/field';
import { type PartyId } from '@boop/shared';
import { chiSquareScore, nodeAesCtr, runSimulation, seededRng, seededUint32 } from '@boop/testing';
import { type CorrelationLanes } from './correlation-batch.ts';
import { type BackEndName, backEnds } from './back-ends.ts';
import { type CorrelationBatch, CorrelationBlock, MatchSums } from './index.ts';
import { createReplication } from './replication.ts';
import { correlationMachines, drawCommittee, keyMachines, laneKernel, outputsOf, parameterSets, partyIds, takeLanes } from './testing/committee-harness.ts';

function batchesOf(committee: PartyId[], threshold: number, p: number, lanes: number, seed = 1, backEnd: BackEndName = 'one-hot'): Map<PartyId, CorrelationBatch> {
  const keys = outputsOf(runSimulation(keyMachines(committee, threshold, (party) => seededRng(seed * 1000 + party)), { seed }));
  return outputsOf(runSimulation(correlationMachines(keys, threshold, p, lanes, 'batch', nodeAesCtr, backEnd), { seed }));
}

/** What the shares of all members hide: r from the masks, and the bits [digit < v] from the replicated components. */
function open(committee: PartyId[], threshold: number, p: number, parts: CorrelationLanes[]) {
  const field = createField(p);
  const lanes = parts[0]!.lanes;
  const weights = lagrangeCoefficients(field, committee);
  const r = Array.from({ length: lanes }, (_, lane) => parts.reduce((sum, part, i) => (sum + part.mask[lane]! * weights[i]!) % p, 0));
  const replications = committee.map((self) => createReplication(self, committee, threshold));
  const table = new Uint32Array(parts[0]!.tables[0]!.length);
  replications[0]!.components.forEach(({ holders }, component) => {
    const copies = holders.map((member) => parts[member]!.tables[replications[member]!.held.indexOf(component)]!);
    for (const copy of copies) expect(copy).toEqual(copies[0]);
    copies[0]!.forEach((word: number, i: number) => (table[i]! ^= word));
  });
  const below = (lane: number, row: number): number => (table[row * (lanes / 32) + (lane >>> 5)]! >>> (lane & 31)) & 1;
  return { r, below };
}

describe.each(parameterSets)('(%i, %i)', (nodes, threshold) => {
  const cases = (Object.keys(backEnds) as BackEndName[]).flatMap((name) => [8191, 65521].map((p) => [name, p] as const));
  test.each(cases)('%s: digits shared over GF(2) are those of r shared over F_%i', (backEnd, p) => {
    const committee = drawCommittee(nodes, threshold, seededUint32(nodes + threshold));
    const batches = batchesOf(committee, threshold, p, 64, 1, backEnd);
    const { r, below } = open(committee, threshold, p, committee.map((party) => batches.get(party)!.take(0, 64).consume()));
    r.forEach((value, lane) => {
      let [bit, row] = [0, 0];
      let word = 0;
      for (const width of backEnds[backEnd].digitWidths(p)) {
        const rows = Array.from({ length: 2 ** width - 1 }, (_, v) => below(lane, row + v));
        // [digit < v] is 0 up to v = digit and 1 from there on.
        const digit = rows.indexOf(1) < 0 ? rows.length : rows.indexOf(1);
        expect(rows).toEqual(rows.map((_, v) => (v >= digit ? 1 : 0)));
        word += digit * 2 ** bit;
        bit += width;
        row += rows.length;
      }
      expect(value === 0 && p === 8191 ? [0, 8191] : [value]).toContain(word);
    });
  });
});

test('zero occurs, in whichever word, and r is uniform', () => {
  const committee = partyIds(1, 2, 4);
  const lanes = 32_768;
  const batches = batchesOf(committee, 1, 8191, lanes);
  const { r, below } = open(committee, 1, 8191, committee.map((party) => batches.get(party)!.take(0, lanes).consume()));
  const zeros = r.flatMap((value, lane) => (value === 0 ? [lane] : []));
  expect(zeros.length).toBeGreaterThan(0);
  for (const lane of zeros) expect(below(lane, 0)).toBe(below(lane, 63));
  const counts = new Array<number>(1024).fill(0);
  for (const value of r) counts[value >> 3]! += 1;
  // The last cell holds 7 residues, not 8.
  expect(Math.abs(chiSquareScore(counts.slice(0, -1)))).toBeLessThan(5);
});

test('lanes are handed out once and are gone from the batch', () => {
  const [batch] = [...batchesOf(partyIds(1, 2, 3), 1, 8191, 128).values()] as [CorrelationBatch];
  const reused = expect.objectContaining({ code: 'correlation.reused' });
  const range = expect.objectContaining({ code: 'correlation.range' });
  const first = batch.take(0, 32);
  expect(() => batch.take(0, 32)).toThrow(reused);
  const later = batch.take(64, 96);
  for (const [from, to] of [[64, 96], [32, 96], [64, 128], [0, 128]] as const) expect(() => batch.take(from, to)).toThrow(reused);
  for (const [from, to] of [[96, 97], [97, 128], [96, 96], [96, 160], [-32, 32]] as const) expect(() => batch.take(from, to)).toThrow(range);
  expect([batch.nextLane, batch.lanesLeft]).toEqual([32, 64]);
  expect(first.consume().mask).not.toEqual(later.consume().mask);
  expect(() => first.consume()).toThrow(reused);
});

test('a block in an arena is used there, once, and so are the sums of a run', () => {
  const arenas = [laneKernel.createArena(), laneKernel.createArena()] as const;
  const scope = { p: 8191, batchId: new Uint8Array(16), committee: partyIds(1, 2, 3), holders: partyIds(1, 2, 3), backEnd: 'digits' as const };
  const block = new CorrelationBlock(scope, arenas[0], { lanes: 32, mask: 64, rows: [] });
  expect(() => block.consume(arenas[1])).toThrow(expect.objectContaining({ code: 'correlation.other-arena' }));
  block.consume(arenas[0]);
  expect(() => block.consume(arenas[0])).toThrow(expect.objectContaining({ code: 'correlation.reused' }));
  const sums = new MatchSums(1, 'any');
  sums.include({ firstRow: 0, rows: 10 }, Uint32Array.of(1, 2));
  for (const overlapping of [{ firstRow: 9, rows: 1 }, { firstRow: 0, rows: 10 }]) expect(() => sums.include(overlapping, Uint32Array.of(1, 2))).toThrow(expect.objectContaining({ code: 'comparison.input' }));
  const total = new MatchSums(1, 'any');
  total.add(sums);
  expect(() => total.add(sums)).toThrow(expect.objectContaining({ code: 'comparison.reused' }));
  expect(total.consume()).toEqual(Uint32Array.of(1, 2));
  expect(() => total.consume()).toThrow(expect.objectContaining({ code: 'comparison.reused' }));
});

test('keys, batches and slices do not print', () => {
  const committee = partyIds(1, 2, 3);
  const keys = outputsOf(runSimulation(keyMachines(committee, 1, (party) => seededRng(party))));
  const batches = outputsOf(runSimulation(correlationMachines(keys, 1, 8191, 32, 'batch')));
  const inspect = Symbol.for('nodejs.util.inspect.custom');
  for (const secret of [keys.get(committee[0]!)!, batches.get(committee[0]!)!, takeLanes(batches, 0, 32).get(committee[1]!)![0]!]) {
    expect(JSON.stringify({ secret })).toBe('{"secret":"[secret]"}');
    expect((secret as unknown as Record<symbol, () => string>)[inspect]!()).toBe('[secret]');
  }
});

test('one batch id serves one batch, and lanes come in groups of 32', () => {
  const committee = partyIds(1, 2, 3);
  const keys = outputsOf(runSimulation(keyMachines(committee, 1, (party) => seededRng(party))));
  runSimulation(correlationMachines(keys, 1, 8191, 32, 'batch'));
  expect(() => runSimulation(correlationMachines(keys, 1, 8191, 32, 'batch'))).toThrow(expect.objectContaining({ code: 'keys.reused' }));
  expect(() => runSimulation(correlationMachines(keys, 1, 8191, 33, 'other'))).toThrow(expect.objectContaining({ code: 'correlation.lanes' }));
  expect(() => runSimulation(correlationMachines(keys, 1, 127, 32, 'third'))).toThrow(expect.objectContaining({ code: 'correlation.modulus' }));
});
