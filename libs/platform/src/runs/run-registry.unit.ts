import { describe, expect, test } from '@jest/globals';
import { type PartyId, partyId, ProtocolAbort, type ProtocolMachine, roundMachine, type RoundProtocol } from '@boop/shared';
import { type RegistryLimits, RunRegistry } from './run-registry.ts';

const one = partyId(1);
const two = partyId(2);
const three = partyId(3);
const runId = (tag: number): Uint8Array => new Uint8Array(16).fill(tag);

function* exchange(peer: PartyId, mine: number, rounds = 2): RoundProtocol<number> {
  let total = mine;
  for (let round = 0; round < rounds; round++) {
    const inbox = yield { send: [{ to: peer, payload: Uint8Array.of(mine) }], receiveFrom: [peer] };
    total += inbox.get(peer)![0]!;
  }
  if (total > 200) throw new ProtocolAbort('sum.too-large', 'the sum is too large', [peer]);
  return total;
}

const machine = (peer: PartyId, mine: number): ProtocolMachine<number> => roundMachine(() => exchange(peer, mine));

/** Two registries whose messages arrive in the next turn of the event loop. */
function pair(limits: Partial<RegistryLimits> = {}, timeoutMs = 60_000) {
  const a = new RunRegistry(limits);
  const b = new RunRegistry(limits);
  const start = (registry: RunRegistry, peer: RunRegistry, self: PartyId, other: PartyId, tag: number, mine: number) =>
    registry.run(runId(tag), machine(other, mine), {
      timeoutMs,
      peers: [other],
      send: (_to, payload) => void setImmediate(() => peer.deliver(self, runId(tag), payload)),
    });
  return { a, b, startA: (tag: number, mine: number) => start(a, b, one, two, tag, mine), startB: (tag: number, mine: number) => start(b, a, two, one, tag, mine) };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('a run', () => {
  test('ends with its output, also when the peer started earlier', async () => {
    const { a, b, startA, startB } = pair();
    const outputA = startA(1, 10);
    await turn();
    expect(b.earlyCount).toBe(1);
    expect(await Promise.all([outputA, startB(1, 20)])).toEqual([50, 40]);
    expect([a.activeCount, b.activeCount, a.earlyCount, b.earlyCount]).toEqual([0, 0, 0, 0]);
  });

  test('that aborts names the code and the blamed party', async () => {
    const { startA, startB } = pair();
    const both = await Promise.allSettled([startA(2, 90), startB(2, 90)]);
    expect(both).toEqual([
      { status: 'rejected', reason: expect.objectContaining({ code: 'run.aborted', reason: 'sum.too-large', blame: [two] }) },
      { status: 'rejected', reason: expect.objectContaining({ code: 'run.aborted', reason: 'sum.too-large', blame: [one] }) },
    ]);
  });

  test('whose machine throws fails with its cause kept apart', async () => {
    const registry = new RunRegistry();
    const broken: ProtocolMachine<never> = {
      start: () => {
        throw new TypeError('bug');
      },
      onMessage: () => ({ kind: 'continue', send: [] }),
    };
    await expect(registry.run(runId(3), broken, { timeoutMs: 50, peers: [], send: () => {} })).rejects.toMatchObject({
      code: 'run.failed',
      cause: expect.objectContaining({ message: 'bug' }),
    });
  });

  test('times out and names who is missing', async () => {
    const { startA } = pair({}, 200);
    await expect(startA(4, 1)).rejects.toMatchObject({ code: 'run.timeout', kind: 'unavailable', missing: [two] });
  });

  test('ends at once when a party goes away, and only the runs of that party', async () => {
    const registry = new RunRegistry();
    const options = (peer: PartyId) => ({ timeoutMs: 60_000, peers: [peer], send: () => {} });
    const withTwo = registry.run(runId(5), machine(two, 1), options(two));
    const withThree = registry.run(runId(6), machine(three, 1), options(three));
    registry.peerLost(two);
    await expect(withTwo).rejects.toMatchObject({ code: 'run.peer-lost', missing: [two] });
    expect(registry.activeCount).toBe(1);
    registry.close();
    await expect(withThree).rejects.toMatchObject({ code: 'run.closed' });
  });

  test('id is used once, and late messages of an ended run start nothing', async () => {
    const { a, startA, startB } = pair();
    await Promise.all([startA(7, 1), startB(7, 1)]);
    a.deliver(two, runId(7), Uint8Array.of(0, 0, 1));
    expect(a.earlyCount).toBe(0);
    await expect(startA(7, 1)).rejects.toMatchObject({ code: 'run.repeated' });
  });

  test('takes no message from a party outside it', async () => {
    const registry = new RunRegistry();
    const run = registry.run(runId(8), machine(two, 1), { timeoutMs: 30, peers: [two], send: () => {} });
    registry.deliver(three, runId(8), Uint8Array.of(0, 0, 1));
    await expect(run).rejects.toMatchObject({ code: 'run.timeout' });
  });
});

describe('a routed run', () => {
  const routed = (registry: RunRegistry, tag: number) => {
    const events: string[] = [];
    const route = { peers: [two], timeoutMs: 60_000, deliver: (from: PartyId, payload: Uint8Array) => void events.push(`${from}:${payload[0]}`), fail: (error: Error) => void events.push((error as { code?: string }).code!) };
    return { events, end: registry.route(runId(tag), route) };
  };

  test('gets early messages first, and none after its end', () => {
    const registry = new RunRegistry();
    registry.deliver(two, runId(1), Uint8Array.of(7));
    const { events, end } = routed(registry, 1);
    registry.deliver(three, runId(1), Uint8Array.of(9));
    registry.deliver(two, runId(1), Uint8Array.of(8));
    end();
    registry.deliver(two, runId(1), Uint8Array.of(9));
    expect(events).toEqual(['2:7', '2:8']);
    expect([registry.activeCount, registry.earlyCount]).toEqual([0, 0]);
    expect(() => routed(registry, 1)).toThrow(expect.objectContaining({ code: 'run.repeated' }));
  });

  test('is told once when a party goes away', () => {
    const registry = new RunRegistry();
    const { events, end } = routed(registry, 2);
    registry.peerLost(two);
    registry.peerLost(two);
    end();
    expect(events).toEqual(['run.peer-lost']);
  });
});

describe('early messages', () => {
  test('are bounded per sender by count and bytes, oldest first', () => {
    const registry = new RunRegistry({ messagesMax: 3, bytesMax: 100 });
    for (let tag = 0; tag < 10; tag++) registry.deliver(two, runId(tag), new Uint8Array(10));
    registry.deliver(three, runId(0), new Uint8Array(10));
    expect(registry.earlyCount).toBe(4);
    registry.deliver(two, runId(20), new Uint8Array(95));
    expect(registry.earlyCount).toBe(2);
    registry.deliver(two, runId(21), new Uint8Array(101));
    expect(registry.earlyCount).toBe(1);
  });

  test('expire, and go with their sender', () => {
    let now = 0;
    const registry = new RunRegistry({ ageMaxMs: 1000 }, () => now);
    registry.deliver(two, runId(1), new Uint8Array(1));
    now = 1001;
    registry.deliver(two, runId(2), new Uint8Array(1));
    expect(registry.earlyCount).toBe(1);
    registry.peerLost(two);
    expect(registry.earlyCount).toBe(0);
  });
});
