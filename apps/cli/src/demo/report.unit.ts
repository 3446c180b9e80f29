import { describe, expect, test } from '@jest/globals';
import { type LogProof } from '@boop/protocol';
import { type DemoFacts, percentile, type ProbeResult, reportOf, shortcomings } from './report.ts';

const proof: LogProof = { entry: 'e', leafIndex: 0, treeSize: 1, inclusion: [], checkpoint: 'c' };
const accepted = (probe: string, changes: Partial<ProbeResult> = {}): ProbeResult => ({ probe, palm: probe, expected: 'accept', decision: 'accept', verified: true, milliseconds: 100, idToken: 't', sub: `sub of ${probe}`, logEntry: probe, ...changes });
const rejected = (probe: string, changes: Partial<ProbeResult> = {}): ProbeResult => ({ probe, palm: probe, expected: 'reject', decision: 'reject', verified: false, milliseconds: 50, logEntry: probe, ...changes });
const facts = (results: readonly ProbeResult[], changes: Partial<DemoFacts> = {}): DemoFacts => ({
  nodes: 5, threshold: 1, registered: 2, duplicates: { tried: 2, refused: 2 }, jwksUrl: 'https://x/jwks', checkpointKey: 'k', results,
  proofs: new Map(results.flatMap(({ logEntry }) => (logEntry === undefined ? [] : [[logEntry, proof]]))), ...changes,
});

describe('the report', () => {
  test('counts what happened and carries tokens and proofs', () => {
    const report = reportOf(facts([accepted('a'), accepted('b', { milliseconds: 300 }), rejected('c')]));
    expect(report).toEqual({
      nodes: 5, threshold: 1, registered: 2, genuine: { tried: 2, accepted: 2 }, impostor: { tried: 1, accepted: 0 }, duplicates: { tried: 2, refused: 2 },
      authenticateMs: { p50: 100, p95: 300 }, tokensVerified: 2, proofsVerified: 3, jwksUrl: 'https://x/jwks', checkpointKey: 'k',
      results: [
        { probe: 'a', palm: 'a', sub: 'sub of a', expected: 'accept', decision: 'accept', verified: true, milliseconds: 100, idToken: 't', logProof: proof },
        { probe: 'b', palm: 'b', sub: 'sub of b', expected: 'accept', decision: 'accept', verified: true, milliseconds: 300, idToken: 't', logProof: proof },
        { probe: 'c', palm: 'c', expected: 'reject', decision: 'reject', verified: false, milliseconds: 50, logProof: proof },
      ],
    });
    expect(shortcomings(report)).toEqual([]);
  });

  test.each([
    ['not recognised', facts([accepted('a', { decision: 'reject', idToken: undefined as never })])],
    ['strangers were accepted', facts([rejected('a', { decision: 'accept', idToken: 't' })])],
    ['registered twice', facts([accepted('a')], { duplicates: { tried: 2, refused: 1 } })],
    ['not every token', facts([accepted('a', { idToken: undefined as never })])],
    ['no verified log proof', facts([accepted('a'), rejected('b')], { proofs: new Map([['a', proof]]) })],
    ['taken for somebody else', facts([accepted('a', { sub: 's' }), accepted('b', { sub: 's' })])],
    ['1 palms were taken for somebody else', facts([accepted('a', { palm: 'p' }), accepted('b', { palm: 'p' })])],
    ['without a decision', facts([rejected('a', { decision: 'error', error: 'mpc.aborted' })])],
  ])('does not hide: %s', (words, wrong) => {
    expect(shortcomings(reportOf(wrong)).join()).toContain(words);
  });

  test('times are of decided genuine probes only, by nearest rank', () => {
    expect(reportOf(facts([accepted('a'), accepted('b', { decision: 'error', milliseconds: 9000 }), rejected('c')])).authenticateMs).toEqual({ p50: 100, p95: 100 });
    const values = Array.from({ length: 100 }, (_, i) => i + 1);
    expect([percentile(values, 0.5), percentile(values, 0.95), percentile([], 0.5), percentile([3.14159], 0.95)]).toEqual([50, 95, 0, 3.1]);
  });
});
