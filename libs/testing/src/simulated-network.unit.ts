import { describe, expect, test } from '@jest/globals';
import { type PartyId, partyId, type ProtocolMachine, roundMachine, type RoundProtocol } from '@boop/shared';
import { chiSquareScore, runSimulation, seededRng, type Tamper } from './index.ts';

const parties = [1, 2, 3].map(partyId);

/** Two all-to-all rounds: sums of everybody's number, then of everybody's sum. */
function* sum(self: PartyId): RoundProtocol<number> {
  let value: number = self;
  const others = parties.filter((party) => party !== self);
  for (let round = 0; round < 2; round++) {
    const payload = Uint8Array.of(value);
    const received: ReadonlyMap<PartyId, Uint8Array> = yield { send: others.map((to) => ({ to, payload })), receiveFrom: others };
    for (const message of received.values()) value += message[0]!;
  }
  return value;
}

const machines = (): Map<PartyId, ProtocolMachine<number>> => new Map(parties.map((self) => [self, roundMachine(() => sum(self))]));
const run = (tamper?: Tamper, seed = 1) => runSimulation(machines(), tamper ? { seed, tamper } : { seed });

describe('the simulated network', () => {
  test('delivers everything, in any order', () => {
    for (let seed = 0; seed < 50; seed++) for (const outcome of run(undefined, seed).values()) expect(outcome).toEqual({ kind: 'done', output: 18 });
  });

  test('a dropped message stalls its receiver', () => {
    const outcomes = run((from, to, payload, index) => (from === 1 && to === 2 && index === 1 ? 'drop' : payload));
    expect(outcomes.get(partyId(2))).toEqual({ kind: 'stalled' });
    expect(outcomes.get(partyId(3))?.kind).toBe('done');
  });

  test('a duplicate reaches the machine, which names the sender unless it had finished', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 50; seed++) {
      const outcomes = run((from, to, payload, index) => (from === 1 && to === 2 && index === 0 ? 'duplicate' : payload), seed);
      const outcome = outcomes.get(partyId(2))!;
      seen.add(outcome.kind);
      expect(outcome).toEqual(outcome.kind === 'abort' ? { kind: 'abort', code: expect.any(String), blame: [1] } : { kind: 'done', output: 18 });
    }
    expect(seen).toContain('abort');
  });

  test('an altered payload arrives altered', () => {
    const outcomes = run((from, to, payload) => (from === 1 && to === 2 ? payload.subarray(0, 1) : payload));
    expect(outcomes.get(partyId(2))).toEqual({ kind: 'abort', code: 'protocol.malformed', blame: [1] });
  });

  test('seeded bytes replay, whatever the sizes asked for', () => {
    const [a, b] = [seededRng(5), seededRng(5)];
    const parts = [...a.bytes(3), ...a.bytes(6)];
    expect([...b.bytes(9)]).toEqual(parts);
    expect([...seededRng(6).bytes(9)]).not.toEqual(parts);
  });
});

test('the χ² score accepts uniform counts and rejects a bias of a few percent', () => {
  const rng = seededRng(3);
  const counts = new Array<number>(64).fill(0);
  for (const byte of rng.bytes(200_000)) counts[byte & 63]! += 1;
  expect(Math.abs(chiSquareScore(counts))).toBeLessThan(4);
  counts[0]! *= 1.2;
  expect(chiSquareScore(counts)).toBeGreaterThan(5);
});
