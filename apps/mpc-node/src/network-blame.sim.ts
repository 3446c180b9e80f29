import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { backEnds } from '@boop/mpc';
import { type BoopError, type PartyId, toHex } from '@boop/shared';
import { seededRng } from '@boop/testing';
import { type RunLanes, type RunRequest } from './link/peer-methods.ts';
import { authenticationContext, capture, enrolment, probe, randomPalm } from './testing/fixtures.ts';
import { MemoryNetwork } from './testing/memory-network.ts';
import { budgetLimits } from './sessions/budgets.ts';

const rng = seededRng(21);
const palm = randomPalm(rng);
const stranger = randomPalm(rng);
let network: MemoryNetwork;

const authenticate = async (leader: number, template = palm) => {
  const request = await probe(network.splitter, authenticationContext(network.manifest, rng, network.clock.nowMs()), capture(template, rng));
  return await network.node(leader).authentications.run(request).catch((error: BoopError) => error.code);
};
const start = async (nodes: number) => {
  network = await MemoryNetwork.create({ nodes, threshold: 1 }, rng);
  await network.node(1).registrations.run(await enrolment(network.splitter, { 'right-palm': palm }, network.clock.nowMs()));
};
const until = async (condition: () => boolean) => {
  for (const deadline = Date.now() + 30_000; !condition(); await new Promise((resolve) => setTimeout(resolve, 10))) if (Date.now() > deadline) throw new Error('did not happen');
};
/** Sums the bodies, keeps the round. */
const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((byte, i) => (i < 2 ? byte : byte ^ b[i]!));
/** Runs of one operation, by the requests that announce them, and the round in which each opens its decision. */
const runsOf = (operation: string): { roundOf(run: string): number | undefined } => {
  const runs = new Map<string, number>();
  const asked = new Set<string>();
  network.hub.onRequest = (_from, _to, method, body) => {
    if (method === 'run.take' && (body as RunRequest).operation === operation) asked.add(toHex((body as RunRequest).runId));
    if (method !== 'run.lanes') return undefined;
    const { runId, backEnd } = body as RunLanes;
    // One round before it to agree on the run.
    runs.set(toHex(runId), 1 + backEnds[backEnd].onlineRounds(8191));
    return undefined;
  };
  return { roundOf: (run) => (asked.has(run) ? runs.get(run) : undefined) };
};

/** A liar that waits until the others have sent theirs can send what makes an opened sum 0. */
function suppressing(liar: PartyId, runs: ReturnType<typeof runsOf>, length: number) {
  const openings = new Map<string, { held: { to: PartyId; own: Uint8Array }[]; honest: Map<PartyId, Uint8Array> }>();
  return (from: PartyId, to: PartyId, payload: Uint8Array, runId: Uint8Array): Uint8Array | null => {
    const run = toHex(runId);
    if (payload.length !== length || payload[1] !== runs.roundOf(run) || (from !== liar && to !== liar)) return payload.slice();
    const opening = openings.get(run) ?? { held: [], honest: new Map<PartyId, Uint8Array>() };
    openings.set(run, opening);
    if (from === liar) opening.held.push({ to, own: payload.slice() });
    else opening.honest.set(from, payload.slice());
    if (opening.held.length === 2 && opening.honest.size === 2) {
      const [[first, a], [second, b]] = [...opening.honest] as [[PartyId, Uint8Array], [PartyId, Uint8Array]];
      for (const { to: victim } of opening.held) network.hub.inject(liar, victim, runId, xor(a, b));
      // So that it signs what it made the others believe.
      network.hub.inject(first, liar, runId, xor(opening.held[0]!.own, b));
      network.hub.inject(second, liar, runId, b);
    }
    return null;
  };
}

describe('five nodes', () => {
  beforeAll(() => start(5), 60_000);
  afterAll(() => network.stop());
  afterEach(() => {
    network.hub.onSession = undefined;
    network.hub.onRequest = undefined;
    network.searchOrder = undefined;
    network.blames.length = 0;
  });

  test.each([1, 3, 5])('name node %i, which shifts what opens, and go on without it', async (liar) => {
    const leader = 2;
    network.hub.onSession = (from, _to, payload) => (from === liar && payload.length === 43 && payload[1] === 1 ? payload.map((byte, i) => (i === 20 ? byte ^ 1 : byte)) : payload.slice());
    expect(await authenticate(leader)).toBe('mpc.aborted');
    await until(() => network.blames.length > 0);
    expect(network.blames).toEqual([{ by: leader, named: [liar], suspects: [liar] }]);
    expect(network.stores(leader).accused.at(-1)).toMatchObject({ named: [liar], document: { v: 1, transcripts: expect.arrayContaining([]) } });
    await expect(authenticate(leader)).resolves.toMatchObject({ accepted: true, verified: true });
    network.offsetMs += 11 * 60_000;
  }, 120_000);

  // The decision opens as the sum of what three members send: 0 for a denial; (P, Q) likewise: 0, 0 for nobody.
  test.each([
    ['denies what honest committees confirm', 'in-turn', 'verify', 10],
    ['finds nobody where honest committees find somebody', 'together', 'identify', 18],
  ] as const)('name a node that %s; outside it looks like a refusal', async (_, order, operation, length) => {
    const liar = 4 as PartyId;
    network.searchOrder = order;
    const runs = runsOf(operation);
    network.hub.onSession = suppressing(liar, runs, length);
    const answer = await authenticate(2);
    expect(answer).toMatchObject({ accepted: false, reason: 'no-match', verified: false });
    await until(() => network.blames.length > 0);
    expect(network.blames).toEqual([{ by: 2, named: [liar], suspects: [liar] }]);
    expect(network.node(2).sessions.count).toBe(0);
    expect(network.searches.at(-1)).toMatchObject({ order });
    network.offsetMs += 11 * 60_000;
  }, 120_000);

  test('name a node that tells its committee different things', async () => {
    const liar = 1 as PartyId;
    let lies = 0;
    network.hub.onSession = (from, to, payload) => {
      if (from !== liar || to % 2 !== 0 || payload[0] !== 0 || payload[1]! < 2) return payload.slice();
      lies += 1;
      return payload.map((byte, i) => (i === payload.length - 1 ? byte ^ 1 : byte));
    };
    for (let attempt = 0; attempt < 4; attempt++) {
      const outcome = await authenticate(3, stranger);
      if (typeof outcome === 'object') expect(outcome).toMatchObject({ accepted: false });
      await until(() => network.node(3).sessions.count === 0);
    }
    expect(lies).toBeGreaterThan(0);
    for (const { named } of network.blames) expect(named.filter((party) => party !== liar)).toEqual([]);
    network.offsetMs += 11 * 60_000;
  }, 120_000);

  test('find out who hides matches, by repeating searches that found nobody', async () => {
    const liar = 3 as PartyId;
    network.rescanOneIn = 1;
    network.searchOrder = 'in-turn';
    network.kill(2);
    await network.start(2 as PartyId);
    const runs = runsOf('identify');
    // (P, Q) opens as the sum of what three members send: 0, 0 for nobody.
    network.hub.onSession = suppressing(liar, runs, 18);
    for (let attempt = 0; attempt < 12 && network.blames.length === 0; attempt++) {
      const outcome = await authenticate(2);
      if (typeof outcome === 'object' && outcome.accepted) continue;
      expect(outcome).toMatchObject({ accepted: false, reason: 'no-match' });
      await until(() => network.node(2).sessions.count === 0);
    }
    expect(network.rescans).toContain(true);
    expect(network.blames).toEqual([{ by: 2, named: [liar], suspects: [liar] }]);
    network.offsetMs += 11 * 60_000;
  }, 120_000);

  test('name nobody when a node is silent, and leave it out afterwards', async () => {
    const silent = 5 as PartyId;
    // Such a run ends by its time alone.
    network.patience = 1;
    network.hub.onSession = (from, _to, payload) => (from === silent ? null : payload.slice());
    expect(await authenticate(1)).toBe('mpc.nodes-unavailable');
    expect(network.blames).toEqual([]);
    network.patience = 4;
    await expect(authenticate(1)).resolves.toMatchObject({ accepted: true, verified: true });
  }, 120_000);
});

describe('budgets', () => {
  beforeAll(() => start(4), 60_000);
  afterAll(() => network.stop());

  test('let a terminal fail five times, then once in thirty seconds, whichever node leads and even after a restart', async () => {
    network.limits = budgetLimits;
    for (const party of [1, 2, 3, 4] as PartyId[]) {
      network.kill(party);
      await network.start(party);
    }
    for (let i = 0; i < 5; i++) await expect(authenticate((i % 4) + 1, stranger)).resolves.toMatchObject({ accepted: false });
    for (const template of [stranger, palm]) expect(await authenticate(1, template)).toBe('request.rate-limited');
    network.kill(2);
    await network.start(2 as PartyId);
    expect(await authenticate(2)).toBe('request.rate-limited');
    network.offsetMs += 31_000;
    await expect(authenticate(2)).resolves.toMatchObject({ accepted: true });
    // An accepted attempt starts the count again, at every node.
    await expect(authenticate(3, stranger)).resolves.toMatchObject({ accepted: false });
    await expect(authenticate(4, stranger)).resolves.toMatchObject({ accepted: false });
  }, 120_000);

  test('stop a terminal for good after fifty failures in a row', async () => {
    const { attempts } = network.stores(1);
    const vendor = { id: 'vendor v', limits: budgetLimits.vendor };
    const begin = async (terminal: string, nowMs: number) => await attempts.begin({ id: terminal, limits: budgetLimits.terminal }, vendor, { splitHash: `${terminal} ${nowMs}`, expiresAtMs: 2e9 }, nowMs);
    for (let i = 0; i < 50; i++) expect(await begin('terminal x', i * 31_000)).toBe('begun');
    expect(await begin('terminal x', 1e9)).toBe('limited');
    expect(await begin('terminal y', 1e9)).toBe('begun');
  });

  test('count accepted decisions about one person', async () => {
    network.limits = { ...budgetLimits, subjectAcceptedPerDayMax: 2 };
    for (const party of [1, 2, 3, 4] as PartyId[]) {
      network.kill(party);
      await network.start(party);
    }
    network.offsetMs += 2 * 86_400_000;
    for (let i = 0; i < 2; i++) await expect(authenticate(1)).resolves.toMatchObject({ accepted: true });
    expect(await authenticate(2)).toBe('mpc.nodes-unavailable');
    network.offsetMs += 86_400_000;
    await expect(authenticate(3)).resolves.toMatchObject({ accepted: true });
  }, 120_000);
});
