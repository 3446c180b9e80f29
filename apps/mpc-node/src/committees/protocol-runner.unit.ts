import { describe, expect, test } from '@jest/globals';
import { RunRegistry } from '@boop/platform';
import { partyId, roundMachine, type RoundProtocol } from '@boop/shared';
import { type Peers } from '../link/peers.ts';
import { type Pause, ProtocolRunner } from './protocol-runner.ts';

const [one, two] = [partyId(1), partyId(2)];
const runId = new Uint8Array(16).fill(7);

/** Sends and awaits `rounds` messages. */
function* exchange(rounds: number): RoundProtocol<number[]> {
  const heard: number[] = [];
  for (let round = 0; round < rounds; round++) heard.push((yield { send: [{ to: two, payload: Uint8Array.of(round) }], receiveFrom: [two] }).get(two)![0]!);
  return heard;
}

describe('a run in pauses', () => {
  test('sends nothing while somebody waits for this node, and then all in order', async () => {
    const registry = new RunRegistry();
    const sent: number[][] = [];
    let idle = false;
    let begin = (): void => undefined;
    const began = new Promise<void>((resolve) => (begin = resolve));
    const pause: Pause = { get idle() { return idle; }, pause: async () => await began };
    const peers = { self: one, sendSession: (_to: number, _run: Uint8Array, payload: Uint8Array) => void sent.push([...payload]) } as unknown as Peers;
    const answer = (round: number): void => registry.deliver(two, runId, Uint8Array.of(0, round, 10 + round));
    const run = new ProtocolRunner(registry, peers).runMachine(runId, [one, two], roundMachine(() => exchange(3)), 30_000, pause);
    answer(0);
    answer(1);
    await Promise.resolve();
    expect(sent).toEqual([]);
    idle = true;
    begin();
    answer(2);
    expect(await run).toEqual([10, 11, 12]);
    await began;
    expect(sent).toEqual([[0, 0, 0], [0, 1, 1], [0, 2, 2]]);
  });
});
