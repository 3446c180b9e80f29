import { describe, expect, test } from '@jest/globals';
import { type PartyId } from '@boop/shared';
import { chiSquareScore, runSimulation, seededRng, seededUint32 } from '@boop/testing';
import { type BackEndName, backEnds, type Opening } from './index.ts';
import { type BlockSettings, openBlocks, runBlock } from './testing/block-harness.ts';
import { keyMachines, outputsOf, partyIds, shareScores } from './testing/committee-harness.ts';

const ROWS = 1024;
const SHIFTS = 2;

/** Counts of nibbles, so that a message of 256 bytes gives cells of 32. */
function nibbleScore(payload: Uint8Array): number {
  const counts = new Array<number>(16).fill(0);
  for (const byte of payload) {
    counts[byte & 15]! += 1;
    counts[byte >> 4]! += 1;
  }
  return chiSquareScore(counts);
}

function committeeOf(threshold: number) {
  const committee = partyIds(...Array.from({ length: 2 * threshold + 1 }, (_, i) => i + 1));
  return outputsOf(runSimulation(keyMachines(committee, threshold, (party) => seededRng(7 * party))));
}

describe.each([1, 2])('t = %i: every message of every round is uniform by itself, with the same score in every lane', (threshold) => {
  const keys = committeeOf(threshold);
  const cases = (Object.keys(backEnds) as BackEndName[]).flatMap((name) => [8191, 65521].map((p) => [name, p] as const));

  test.each(cases)('%s over %i', (backEnd, p) => {
    const settings: BlockSettings = { threshold, p, scoreMax: 2048, theta: 302, backEnd, orForm: 'tree' };
    const seen = new Map<string, Uint8Array>();
    const scores = new Array<number>(ROWS * SHIFTS).fill(-500);
    const products = shareScores(scores, p, [...keys.keys()], threshold, seededUint32(3));
    const tamper = (from: PartyId, to: PartyId, payload: Uint8Array): Uint8Array => (seen.set(`${payload[0]! * 256 + payload[1]!}/${from}/${to}`, payload.slice(2)), payload);
    runBlock(keys, 'identify', { runId: `uniform ${backEnd[0]}${p}`, settings, block: { scores, probes: 1, shifts: SHIFTS, rows: ROWS, firstRow: 0 }, products, tamper });
    const rounds = new Set([...seen.keys()].map((name) => name.split('/')[0]));
    // One more for the tree over two shifts.
    expect(rounds.size).toBe(backEnds[backEnd].offlineRounds(p, threshold, 'ripple') + backEnds[backEnd].onlineRounds(p) + 1);
    for (const [name, payload] of seen) {
      expect(payload.length).toBeGreaterThanOrEqual((ROWS * SHIFTS) / 16);
      expect({ name, uniform: nibbleScore(payload) < 5 }).toEqual({ name, uniform: true });
    }
  });

  test('so are the few bytes of the decision, over many runs, whatever matched', () => {
    const settings: BlockSettings = { threshold, p: 8191, scoreMax: 2048, theta: 302, backEnd: 'digits' };
    const openings: Opening[] = ['identify', 'any', 'all'];
    for (const opening of openings) {
      for (const score of [-500, 900]) {
        const bytes: number[] = [];
        for (let run = 0; run < 16; run++) {
          const runId = `few ${opening[1]}${score}${run}`;
          const scores = new Array<number>(3).fill(score);
          const products = shareScores(scores, 8191, [...keys.keys()], threshold, seededUint32(run + 1));
          const sums = runBlock(keys, opening, { runId, settings, block: { scores, probes: 1, shifts: 1, rows: 3, firstRow: 0 }, products });
          // One link, so that no payload is counted twice.
          openBlocks(keys, [sums], 3, runId, settings, (from, to, payload) => (from === 1 && to === 2 && bytes.push(...payload.slice(2)), payload));
        }
        expect(bytes.length).toBe(16 * (opening === 'identify' ? 16 : 8));
        expect(nibbleScore(Uint8Array.from(bytes))).toBeLessThan(5);
      }
    }
  });
});
