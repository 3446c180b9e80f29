import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { BoopError } from '@boop/shared';
import { seededRng } from '@boop/testing';
import { authenticationContext, capture, enrolment, probe, randomPalm } from './testing/fixtures.ts';
import { MemoryNetwork } from './testing/memory-network.ts';

const rng = seededRng(77);
const unavailable = { code: 'mpc.nodes-unavailable', kind: 'unavailable' };
let network: MemoryNetwork;

jest.setTimeout(60_000);

const now = () => network.clock.nowMs();
const authenticate = async (template: Int8Array, leader: number) => await network.node(leader).authentications.run(await probe(network.splitter, authenticationContext(network.manifest, rng, now()), capture(template, rng)));

/** A registration whose last message does not get to some nodes; it stands, and its person has been told so. */
async function registerWithout(lagging: readonly number[]): Promise<Int8Array> {
  const palm = randomPalm(rng);
  network.hub.onRequest = (_from, to, method) => {
    if (method === 'gallery.commit' && lagging.includes(to)) throw new BoopError('link.unavailable', 'the message is lost', { kind: 'unavailable' });
    return undefined;
  };
  await expect(network.node(1).registrations.run(await enrolment(network.splitter, { 'right-palm': palm }, now()))).resolves.toMatchObject({ verified: true });
  network.hub.onRequest = undefined;
  for (const party of lagging) expect(network.node(party).gallery.rows).toBe(network.node(1).gallery.rows - 1);
  return palm;
}

beforeAll(async () => {
  network = await MemoryNetwork.create({ nodes: 5, threshold: 1 }, rng);
  await network.node(1).registrations.run(await enrolment(network.splitter, { 'right-palm': randomPalm(rng) }, now()));
});

afterAll(() => network.stop());
afterEach(async () => {
  network.hub.onRequest = network.hub.onAnswer = undefined;
  for (const { party } of network.members) await network.node(party).sync.settle();
});

describe('a leader that has not heard of a registration', () => {
  test('turns nobody away by rows that it lacks: it fetches them, and the next attempt succeeds', async () => {
    const palm = await registerWithout([2]);
    await expect(authenticate(palm, 2)).rejects.toMatchObject(unavailable);
    expect(network.node(2).gallery.head).toEqual(network.node(1).gallery.head);
    await expect(authenticate(palm, 2)).resolves.toMatchObject({ accepted: true, verified: true });
  });

  test('beside others that have not heard of it either', async () => {
    const palm = await registerWithout([2, 3, 4]);
    await expect(authenticate(palm, 3)).rejects.toMatchObject(unavailable);
    await expect(authenticate(palm, 3)).resolves.toMatchObject({ accepted: true });
  });

  test('accepts whom it knows', async () => {
    const known = await registerWithout([]);
    await registerWithout([4]);
    await expect(authenticate(known, 4)).resolves.toMatchObject({ accepted: true, verified: true });
  });

  test('gets no confirmation that it has turned somebody away, whatever it says', async () => {
    const palm = await registerWithout([5]);
    const lagging = network.node(5);
    // It lies about what the others have told it, and does not fetch the rows.
    network.hub.onAnswer = (_from, _to, method, answer) => (method === 'session.open' ? {} : answer);
    network.hub.onRequest = (from, _to, method) => {
      if (from === lagging.network.self && method === 'gallery.sync') throw new BoopError('link.unavailable', 'not asked', { kind: 'unavailable' });
      return undefined;
    };
    await expect(authenticate(palm, 5)).rejects.toMatchObject({ code: 'mpc.aborted' });
    network.hub.onAnswer = network.hub.onRequest = undefined;
    await lagging.sync.settle();
    await expect(authenticate(palm, 5)).resolves.toMatchObject({ accepted: true });
  });

  test('is not made to refuse strangers by a node that claims rows which nobody has', async () => {
    network.hub.onAnswer = (_from, to, method, answer) => (method === 'session.open' && to === network.members[2]!.party ? { ahead: true } : answer);
    await expect(authenticate(randomPalm(rng), 1)).resolves.toMatchObject({ accepted: false, reason: 'no-match' });
  });
});
