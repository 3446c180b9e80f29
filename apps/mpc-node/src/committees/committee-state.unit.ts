import { describe, expect, test } from '@jest/globals';
import { type BackEndName, CorrelationBatch } from '@boop/mpc';
import { partyId } from '@boop/shared';
import { CommitteeState } from './committee-state.ts';

const parties = [1, 2, 3].map(partyId);
const idOf = (batch: number): Uint8Array => new Uint8Array(16).fill(batch);

/** With batches of 64 lanes. */
function stateOf(...backEnds: readonly BackEndName[]): CommitteeState {
  const state = new CommitteeState({ committee: parties, holders: parties }, [], undefined, 0);
  backEnds.forEach((backEnd, at) => state.addBatch(idOf(at), new CorrelationBatch({ p: 8191, batchId: idOf(at), committee: parties, holders: parties, backEnd }, { lanes: 64, mask: new Uint16Array(64), tables: [] }), 0));
  return state;
}

const take = (state: CommitteeState, batch: number, from: number, to: number): number[] => state.take([{ batchId: idOf(batch), from, to }]).map(({ lanes }) => lanes);
const unknown = expect.objectContaining({ code: 'correlation.unknown' });

describe('correlations of a committee at one of its members', () => {
  test('go to runs in the order in which these come, each lane once', () => {
    const state = stateOf('digits', 'digits');
    expect(take(state, 1, 0, 64)).toEqual([64]);
    expect(take(state, 0, 32, 64)).toEqual([32]);
    expect(() => take(state, 0, 32, 64)).toThrow(expect.objectContaining({ code: 'correlation.reused' }));
    expect(take(state, 0, 0, 32)).toEqual([32]);
    expect(state.lanesHeld).toBe(0);
    expect(() => take(state, 0, 0, 32)).toThrow(unknown);
  });

  test('that no run has come for make room, the oldest first, once a later batch of their kind was begun', () => {
    const state = stateOf('digits', 'one-hot', 'digits', 'digits', 'digits');
    take(state, 0, 0, 32);
    take(state, 3, 0, 32);
    state.shrink(5 * 64);
    expect(take(state, 0, 32, 64)).toEqual([32]);
    state.shrink(3 * 64);
    expect(() => take(state, 2, 0, 32)).toThrow(unknown);
    state.shrink(0);
    // Nothing else can be left behind.
    expect(state.lanesHeld).toBe(3 * 64);
    expect([take(state, 1, 0, 64), take(state, 3, 32, 64), take(state, 4, 0, 64)]).toEqual([[64], [32], [64]]);
  });
});
