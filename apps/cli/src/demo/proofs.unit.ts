import { describe, expect, test } from '@jest/globals';
import { type VendorClient } from '@boop/sdk';
import { BoopError } from '@boop/shared';
import { collectProofs } from './proofs.ts';
import { type ProbeResult } from './report.ts';
import { Story } from './story.ts';

const result = (probe: string): ProbeResult => ({ probe, palm: probe, expected: 'reject', decision: 'reject', verified: false, milliseconds: 1, logEntry: probe });

function collect(codes: Record<string, string>): Promise<{ text: string; size: number }> {
  let text = '';
  const vendor = { getLogProof: (entry: string) => Promise.reject(new BoopError(codes[entry]!, 'no')) } as unknown as VendorClient;
  const story = new Story({ write: (part) => (text += part) });
  return collectProofs(vendor, Object.keys(codes).map(result), 'key', story, new AbortController().signal).then(({ size }) => ({ text, size }));
}

describe('proofs that are not there', () => {
  test('are told by their cause, once each', async () => {
    const { text, size } = await collect({ a: 'log.pending', b: 'log.pending', c: 'request.not-found' });
    expect(size).toBe(0);
    expect(text).toContain('✗ 2 results: no checkpoint includes them yet');
    expect(text).toContain('✗ c: request.not-found');
  });
});
