import { describe, expect, test } from '@jest/globals';
import { type Canary, type CanaryNetwork, canaryRound } from './canary-round.ts';

const options = { count: 3, matchesMax: 1, presentationsMax: 2, below: sequence() };
/** Deterministic, and different each time. */
function sequence(): (bound: number) => number {
  let state = 7;
  return (bound) => (state = (state * 48271) % 2147483647) % bound;
}
function network(decide: (identity: number, presentation: number) => 'accept' | 'reject' | 'error'): CanaryNetwork & { registered: number[]; presented: number[] } {
  const registered: number[] = [];
  const presented: number[] = [];
  return {
    registered,
    presented,
    register: async (identity) => void registered.push(identity),
    present: async (identity) => {
      presented.push(identity);
      const decision = decide(identity, presented.length);
      return decision === 'error' ? { decision, error: 'mpc.aborted' } : { decision };
    },
  };
}
const kept: (readonly Canary[])[] = [];
const keep = async (canaries: readonly Canary[]): Promise<void> => void kept.push(canaries);

describe('a round of canaries', () => {
  test('registers what is missing, presents one, and replaces it when it is known', async () => {
    const honest = network(() => 'accept');
    const first = await canaryRound([], honest, options, keep);
    expect(first.finding).toEqual({ kind: 'found' });
    expect(honest.registered).toEqual(first.canaries.map(({ identity }) => identity));
    expect(kept.at(-1)).toEqual(first.canaries);
    const known = first.canaries.find(({ matches }) => matches === 1)!.identity;
    const second = await canaryRound(first.canaries, honest, options, keep);
    expect(honest.registered).toHaveLength(4);
    expect(second.canaries.map(({ identity }) => identity)).not.toContain(known);
    expect(second.canaries).toHaveLength(3);
  });

  test('keeps each registration at once: a crash registers nobody twice', async () => {
    kept.length = 0;
    let left = 2;
    const failing: CanaryNetwork = { register: async () => { if (left-- === 0) throw new Error('gone'); }, present: async () => ({ decision: 'accept' }) };
    await expect(canaryRound([], failing, options, keep)).rejects.toThrow('gone');
    expect(kept.at(-1)).toHaveLength(2);
  });

  test('a palm missed once may be chance, missed again it is a finding', async () => {
    const suppressing = network(() => 'reject');
    expect((await canaryRound([], suppressing, options, keep)).finding).toEqual({ kind: 'suppressed', presentations: 2 });
    expect(new Set(suppressing.presented).size).toBe(1);
    const unlucky = network((_, presentation) => (presentation === 1 ? 'reject' : 'accept'));
    expect((await canaryRound([], unlucky, options, keep)).finding).toEqual({ kind: 'found' });
  });

  test('no answer is no finding, and the canary stays unknown', async () => {
    const { finding, canaries } = await canaryRound([], network(() => 'error'), options, keep);
    expect(finding).toEqual({ kind: 'unanswered', code: 'mpc.aborted' });
    expect(canaries.every(({ matches }) => matches === 0)).toBe(true);
  });
});
