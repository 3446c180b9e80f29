import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { joinShares, type SplitItem } from '@boop/protocol';
import { sessionIdOf } from '@boop/identity';
import { type PartyId, toHex } from '@boop/shared';
import { seededRng } from '@boop/testing';
import { type PeerAnswer, type RunRequest } from './link/peer-methods.ts';
import { cheatingProbe, cheats, type HandedIn, shareHandedIn, wolf } from './testing/cheating-splitter.ts';
import { authenticationContext, capture, enrolment, probe, randomPalm, sealShares } from './testing/fixtures.ts';
import { MemoryNetwork } from './testing/memory-network.ts';

const invalidForm = { code: 'split.invalid-form', kind: 'rejected', retryAllowed: false };
/** Round 0 of the check: header, and twelve residues of 13 bits. */
const isCheckMessage = (payload: Uint8Array): boolean => payload.length === 22 && payload[1] === 0;

/** Counts messages within comparison runs, and tokens that are prepared. */
const watchRuns = (): { compared: number; prepared: number } => {
  const runs = new Set<string>();
  const watched = { compared: 0, prepared: 0 };
  network.hub.onRequest = (_from, _to, method, body) => {
    if (method === 'run.take') runs.add(toHex((body as RunRequest).runId));
    return undefined;
  };
  network.hub.onAnswer = (_from, _to, method, answer) => {
    if (method === 'token.prepare' || (method === 'run.take' && (answer as PeerAnswer<'run.take'>).prepared)) watched.prepared += 1;
    return answer;
  };
  network.hub.onSession = (_from, _to, payload, runId) => {
    if (runs.has(toHex(runId))) watched.compared += 1;
    return payload.slice();
  };
  return watched;
};

const rng = seededRng(12);
const palm = randomPalm(rng);
let network: MemoryNetwork;

const context = (changes = {}) => authenticationContext(network.manifest, rng, network.clock.nowMs(), changes);
const request = async () => await probe(network.splitter, context(), capture(palm, rng));
const present = async (handedIn: HandedIn) => await network.node(1).authentications.run(await cheatingProbe(network.splitter, context(), handedIn));
const authenticate = async () => await network.node(2).authentications.run(await request());

// Seven nodes in one process outrun their own time limits on a busy machine; libs/mpc holds (7, 2) to the same cheats.
describe.each([
  [4, 1],
  [5, 1],
])('(%i, %i)', (nodes, threshold) => {
  beforeAll(async () => {
    network = await MemoryNetwork.create({ nodes, threshold }, rng);
    await network.node(1).registrations.run(await enrolment(network.splitter, { 'right-palm': palm }, network.clock.nowMs()));
  }, 120_000);
  afterAll(() => network.stop());
  afterEach(() => {
    network.hub.onSession = undefined;
    network.hub.onRequest = undefined;
    network.hub.onAnswer = undefined;
  });

  test('an honest probe passes, is accepted and verified', async () => {
    const watched = watchRuns();
    await expect(authenticate()).resolves.toMatchObject({ accepted: true, verified: true });
    expect(watched.compared).toBeGreaterThan(0);
    expect(watched.prepared).toBeGreaterThan(0);
  });

  test.each(cheats(rng))('a probe with %s is refused, and nothing is compared with it', async (_name, handedIn) => {
    const watched = watchRuns();
    await expect(present(handedIn)).rejects.toMatchObject(invalidForm);
    expect(watched).toMatchObject({ compared: 0, prepared: 0 });
  });

  test.each(cheats(rng).filter((_, i) => i < 2))('a registration that hides %s in one of its items stores nothing', async (_name, handedIn) => {
    const { rows } = network.node(1).gallery;
    const template = randomPalm(rng);
    const fair: HandedIn = { values: template, valid: 1024 };
    for (const at of [0, 3]) {
      const { context: registration, consent } = await enrolment(network.splitter, { 'left-palm': template }, network.clock.nowMs());
      const handed = [0, 1, 2, 3].map((i) => (i === at ? handedIn : fair));
      const items = handed.map(({ valid }, i): SplitItem => (i === 0 ? { role: 'reference', position: 'left-palm', valid } : { role: 'sample', position: 'left-palm', index: i - 1, valid }));
      const shares = handed.map((each) => shareHandedIn(each, network.splitter));
      const perNode = network.manifest.members.map((_, node) => joinShares(shares.map((all) => all[node]!)));
      const split = await sealShares(network.splitter, { purpose: 'registration', sessionId: sessionIdOf(registration), items }, perNode);
      await expect(network.node(1).registrations.run({ context: registration, consent, split })).rejects.toMatchObject(invalidForm);
    }
    for (const { party } of network.members) {
      expect(network.node(party).gallery.rows).toBe(rows);
      expect(network.node(party).registrar.pendingId).toBeUndefined();
    }
  });

  test('a node that lies in the check can have an honest probe refused, and cannot help the wolf', async () => {
    for (const liar of [2, nodes] as PartyId[]) {
      let lies = 0;
      network.hub.onSession = (from, _to, payload) => {
        if (from !== liar || !isCheckMessage(payload)) return payload.slice();
        lies += 1;
        return payload.map((byte, i) => (i === 2 || i === 14 ? byte ^ 1 : byte));
      };
      await expect(authenticate()).rejects.toMatchObject(invalidForm);
      expect(lies).toBe(nodes - 1);
      await expect(present({ values: wolf(), valid: 1024 })).rejects.toMatchObject(invalidForm);
    }
  });
});
