import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { parseTokenClaims } from '@boop/identity';
import { type SearchPlan } from '@boop/mpc';
import { BoopError, type PartyId, toHex } from '@boop/shared';
import { seededRng } from '@boop/testing';
import { type RunRequest } from './link/peer-methods.ts';
import { askCommittee } from './testing/ask-committee.ts';
import { authenticationContext, capture, enrolment, probe, randomPalm } from './testing/fixtures.ts';
import { MemoryNetwork } from './testing/memory-network.ts';

const rng = seededRng(43);
const [palm, other, stranger] = [randomPalm(rng), randomPalm(rng), randomPalm(rng)];
const orders: SearchPlan['order'][] = ['in-turn', 'together'];
let network: MemoryNetwork;

const start = async (parameters: { nodes: number; threshold: number }): Promise<void> => {
  network = await MemoryNetwork.create(parameters, rng);
  for (const each of [other, palm]) await network.node(1).registrations.run(await enrolment(network.splitter, { 'right-palm': each }, network.clock.nowMs()));
};

const authenticate = async (leader: number, template: Int8Array) => {
  const request = await probe(network.splitter, authenticationContext(network.manifest, rng, network.clock.nowMs()), capture(template, rng));
  return await network.node(leader).authentications.run(request).catch((error: BoopError) => error.code);
};

/** What leaders ask committees for, by run. */
const watched = (): Map<string, RunRequest['operation']> => {
  const operations = new Map<string, RunRequest['operation']>();
  network.hub.onRequest = (_from, _to, method, body) => {
    if (method === 'run.take') operations.set(toHex((body as RunRequest).runId), (body as RunRequest).operation);
    return undefined;
  };
  return operations;
};

/** Runs in which a share has left a node: the first message to each other holder says what is believed to be run, and what follows depends on shares. */
const countShares = (): Map<string, number> => {
  const shares = new Map<string, number>();
  const greeted = new Set<string>();
  network.hub.onSession = (from, to, payload, runId) => {
    const run = toHex(runId);
    const link = `${run} ${from} ${to}`;
    if (greeted.has(link)) shares.set(run, 1 + (shares.get(run) ?? 0));
    greeted.add(link);
    return payload.slice();
  };
  return shares;
};

describe.each([
  { nodes: 4, threshold: 1, committees: 4 },
  { nodes: 5, threshold: 1, committees: 3 },
  { nodes: 7, threshold: 2, committees: 21 },
])('a family of $committees committees of ($nodes, $threshold)', ({ nodes, threshold, committees }) => {
  beforeAll(async () => await start({ nodes, threshold }), 120_000);
  afterAll(() => network.stop());
  afterEach(() => {
    network.hub.onRequest = undefined;
    network.hub.onAnswer = undefined;
    network.searchOrder = undefined;
  });

  test('finds the same person in both orders, verified, under the same name, and nobody else', async () => {
    const subs = new Set<string>();
    for (const order of orders) {
      network.searchOrder = order;
      const operations = watched();
      const answer = await authenticate(2, palm);
      expect(answer).toMatchObject({ accepted: true, verified: true });
      if (typeof answer === 'object') subs.add(parseTokenClaims(answer.idToken!).sub);
      expect([...operations.values()].toSorted()).toEqual(order === 'together' ? new Array(committees).fill('identify') : ['identify', ...new Array<string>(committees - 1).fill('verify')]);
      expect(await authenticate(3, stranger)).toMatchObject({ accepted: false, reason: 'no-match' });
    }
    expect(subs.size).toBe(1);
  }, 240_000);

  test('searches together once the whole family has lanes in stock', async () => {
    // Each run makes more lanes than it takes.
    network.searchOrder = 'together';
    await authenticate(1, palm);
    network.searchOrder = undefined;
    await authenticate(1, palm);
    expect(network.searches.at(-1)).toEqual({ order: 'together', reason: 'rounds_dominate' });
    network.kill(nodes);
    await network.start(nodes as PartyId);
    await authenticate(1, palm);
    expect(network.searches.at(-1)).toEqual({ order: 'in-turn', reason: 'not_in_stock' });
  }, 240_000);
});

describe('a search that begins while nodes still open its session', () => {
  beforeAll(async () => await start({ nodes: 5, threshold: 1 }), 120_000);
  afterAll(() => network.stop());
  afterEach(() => {
    network.hub.onRequest = undefined;
    network.hub.onSession = undefined;
    network.searchOrder = undefined;
  });

  test.each(orders)('%s: begins again without a node that does not, and no share has left a node before', async (order) => {
    network.searchOrder = order;
    const refusing = 5 as PartyId;
    const shares = countShares();
    const holders = new Map<string, readonly number[]>();
    network.hub.onRequest = (_from, to, method, body) => {
      if (method === 'run.take') holders.set(toHex((body as RunRequest).runId), (body as RunRequest).holders);
      if (method === 'session.open' && to === refusing) throw new BoopError('gallery.behind', 'rows are missing here', { kind: 'unavailable' });
      return undefined;
    };
    await expect(authenticate(1, palm)).resolves.toMatchObject({ accepted: true, verified: true });
    const [withIt, without] = [true, false].map((has) => [...holders].filter(([, each]) => each.includes(refusing) === has).map(([run]) => run));
    expect(withIt!.length).toBeGreaterThan(0);
    expect(withIt!.filter((run) => shares.has(run))).toEqual([]);
    expect(without!.filter((run) => shares.has(run))).toEqual(without);
  }, 120_000);

  test.each(orders)('%s: is not overtaken by what it gave up before it could ask for it', async (order) => {
    network.searchOrder = order;
    const refusing = 5 as PartyId;
    // Keys of all five come only once the search without the fifth has begun, whose committees learn of their lanes after that.
    let [onBegun, onLate] = [(): void => undefined, (): void => undefined];
    const begun = new Promise<void>((resolve) => (onBegun = resolve));
    const late = new Promise<void>((resolve) => (onLate = resolve));
    const asked: boolean[] = [];
    for (const party of [1, 2, 3, 4, 5]) network.node(party).holders.wipe();
    network.hub.onRequest = async (_from, to, method, body) => {
      if (method === 'session.open' && to === refusing) throw new BoopError('gallery.behind', 'rows are missing here', { kind: 'unavailable' });
      if (method === 'holders.agree' && (body as { parties: number[] }).parties.includes(refusing)) await begun;
      if (method === 'run.lanes') await late;
      if (method !== 'run.take') return undefined;
      asked.push((body as RunRequest).holders.includes(refusing));
      onBegun();
      setTimeout(onLate, 300);
      return undefined;
    };
    await expect(authenticate(1, palm)).resolves.toMatchObject({ accepted: true, verified: true });
    expect(asked.length).toBeGreaterThan(0);
    expect(asked).not.toContain(true);
  }, 120_000);

  test.each(orders)('%s: goes on after a node that has let go of its part of the correlations', async (order) => {
    network.searchOrder = order;
    await expect(authenticate(1, palm)).resolves.toMatchObject({ accepted: true });
    network.node(3).committees.wipe();
    const codes = [];
    for (let visit = 0; visit < 5; visit++) codes.push(await authenticate(1, palm));
    expect(codes.at(-1)).toMatchObject({ accepted: true, verified: true });
    expect(codes.filter((code) => typeof code === 'string' && code !== 'mpc.nodes-unavailable')).toEqual([]);
  }, 120_000);

  test('compares nothing where its leader told its holders of different runs', async () => {
    const shares = countShares();
    const other = rng.bytes(16);
    const runs = new Set<string>([toHex(other)]);
    network.patience = 1;
    network.hub.onRequest = (_from, to, method, body) => {
      if (method !== 'run.take') return undefined;
      runs.add(toHex((body as RunRequest).runId));
      return to === 4 ? { ...(body as object), runId: other } : undefined;
    };
    network.searchOrder = 'in-turn';
    expect(await authenticate(1, palm)).toBe('mpc.nodes-unavailable');
    expect([...runs].filter((run) => shares.has(run))).toEqual([]);
    expect(runs.size).toBeGreaterThan(1);
    network.patience = 4;
  }, 120_000);
});

describe('a leader that lies about what its family found together', () => {
  const leader = 2;
  beforeAll(async () => {
    await start({ nodes: 5, threshold: 1 });
    network.searchOrder = 'together';
  }, 120_000);
  afterAll(() => network.stop());
  afterEach(() => {
    network.hub.onRequest = undefined;
  });

  type Verdicts = { verdicts: { statement: { decision: unknown; rowVersion?: number } }[] };
  test.each<[string, string, (body: Verdicts) => unknown]>([
    ['shows fewer identifications than a family', 'decision.verified-mismatch', ({ verdicts }) => ({ verdicts: verdicts.slice(1) })],
    ['shows one of them twice', 'transcript.repeated', ({ verdicts }) => ({ verdicts: [...verdicts, verdicts[0]] })],
    ['writes another row into all of them', 'transcript.signature', ({ verdicts }) => ({ verdicts: verdicts.map((each) => ({ ...each, statement: { ...each.statement, decision: { kind: 'one', row: 0 } } })) })],
    ['leaves out the version of the row', 'transcript.signature', ({ verdicts }) => ({ verdicts: verdicts.map((each) => ({ ...each, statement: { ...each.statement, rowVersion: 2 } })) })],
  ])('and %s gets no share of a token', async (_, code, lie) => {
    network.hub.onRequest = (_from, _to, method, body) => (method === 'token.sign' ? { ...(body as object), ...(lie(body as Verdicts) as object) } : undefined);
    const { handlers } = network.node(3);
    const sign = handlers['token.sign'];
    const refusals: string[] = [];
    Object.assign(handlers, {
      'token.sign': async (...input: Parameters<typeof sign>) =>
        await sign(...input).catch((error: BoopError) => {
          refusals.push(error.code);
          throw error;
        }),
    });
    try {
      expect(typeof (await authenticate(leader, palm))).toBe('string');
    } finally {
      Object.assign(handlers, { 'token.sign': sign });
    }
    expect(new Set(refusals)).toEqual(new Set([code]));
  }, 120_000);

  test('and asks its committees to search twice gets one answer from each', async () => {
    const codes: string[] = [];
    const asked = new Map<string, RunRequest>();
    network.hub.onRequest = async (_from, _to, method, body) => {
      if (method === 'run.take') asked.set((body as RunRequest).committee.join(), body as RunRequest);
      if (method !== 'token.sign' || codes.length > 0) return undefined;
      for (const run of asked.values()) codes.push(await askCommittee(network, leader as PartyId, { ...run, runId: rng.bytes(16) }).then(() => 'answered', (error: BoopError) => error.code));
      return undefined;
    };
    expect(await authenticate(leader, palm)).toMatchObject({ accepted: true });
    expect(codes).toEqual(['session.decided', 'session.decided', 'session.decided']);
  }, 120_000);
});
