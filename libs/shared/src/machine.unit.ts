import { describe, expect, test } from '@jest/globals';
import { type PartyId, partyId, ProtocolAbort, roundMachine, type RoundProtocol, type Step } from './index.ts';

const one = partyId(1);
const two = partyId(2);

function* sumOfTwoRounds(peer: PartyId, mine: number): RoundProtocol<number> {
  const first = yield { send: [{ to: peer, payload: Uint8Array.of(mine) }], receiveFrom: [peer] };
  const second = yield { send: [{ to: peer, payload: Uint8Array.of(mine + 1) }], receiveFrom: [peer] };
  return first.get(peer)![0]! + second.get(peer)![0]!;
}

function* abortsInRoundOne(peer: PartyId): RoundProtocol<number> {
  yield { send: [{ to: peer, payload: Uint8Array.of(1) }], receiveFrom: [peer] };
  yield { send: [{ to: peer, payload: Uint8Array.of(2) }], receiveFrom: [peer] };
  throw new ProtocolAbort('test.abort', 'no', [peer]);
}

describe('a round machine', () => {
  test('lets an aborted protocol clean up', () => {
    let cleaned = false;
    const machine = roundMachine(function* (): RoundProtocol<number> {
      try {
        yield { send: [], receiveFrom: [two] };
        return 0;
      } finally {
        cleaned = true;
      }
    });
    machine.start();
    machine.onMessage(partyId(3), Uint8Array.of(0, 0));
    expect(cleaned).toBe(true);
  });

  test('still sends what it owed when early messages lead it straight into an abort', () => {
    const machine = roundMachine(() => abortsInRoundOne(two));
    machine.start();
    machine.onMessage(two, Uint8Array.of(0, 1, 0));
    expect(machine.onMessage(two, Uint8Array.of(0, 0, 0))).toEqual({ kind: 'abort', code: 'test.abort', blame: [two], send: [{ to: two, payload: Uint8Array.of(0, 1, 2) }] });
  });

  test('waits for early messages of the next round and ends once all came', () => {
    const a = roundMachine(() => sumOfTwoRounds(two, 10));
    const b = roundMachine(() => sumOfTwoRounds(one, 20));
    const fromA = a.start().send;
    const fromB = b.start().send;
    const early = b.onMessage(one, fromA[0]!.payload);
    expect(a.onMessage(two, early.send[0]!.payload).kind).toBe('continue');
    expect(a.onMessage(two, fromB[0]!.payload)).toMatchObject({ kind: 'done', output: 41 });
  });

  test.each<[string, (m: ReturnType<typeof roundMachine<number>>) => Step<number>]>([
    ['protocol.repeated-message', (m) => (m.onMessage(two, Uint8Array.of(0, 1, 1)), m.onMessage(two, Uint8Array.of(0, 1, 1)))],
    ['protocol.wrong-round', (m) => m.onMessage(two, Uint8Array.of(0, 9, 1))],
    ['protocol.unexpected-sender', (m) => m.onMessage(partyId(3), Uint8Array.of(0, 0, 1))],
    ['protocol.malformed', (m) => m.onMessage(two, Uint8Array.of(0))],
  ])('aborts with %s and names the sender', (code, attack) => {
    const machine = roundMachine(() => sumOfTwoRounds(two, 1));
    machine.start();
    expect(attack(machine)).toMatchObject({ kind: 'abort', code });
  });
});
