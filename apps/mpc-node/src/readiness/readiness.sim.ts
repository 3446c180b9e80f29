import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { loadKernel } from '@boop/kernels';
import { systemClock, systemRng } from '@boop/platform';
import { seededRng } from '@boop/testing';
import { authenticationContext, capture, enrolment, probe, randomPalm } from '../testing/fixtures.ts';
import { MemoryNetwork } from '../testing/memory-network.ts';
import { Readiness } from './readiness.ts';
import { rehearse } from './rehearsal.ts';

const rng = seededRng(78);

describe('a node that has just started', () => {
  let network: MemoryNetwork;

  beforeEach(async () => {
    network = await MemoryNetwork.create({ nodes: 5, threshold: 1 }, rng);
  }, 120_000);

  afterEach(() => network.stop());

  /** Of a node that is up, with nothing else to do first. */
  function readinessOf(party: number, { warmUp = () => Promise.resolve(), settled = false } = {}): Readiness {
    const { network: own, ring, keeper } = network.node(party);
    const readiness = new Readiness({ network: own, peers: network.hub.peersOf(own.self), ring, keeper, clock: network.clock, warmUp, settled });
    readiness.start();
    readiness.stop();
    return readiness;
  }

  const later = async (readiness: Readiness, passedMs: number): Promise<boolean> => {
    await new Promise((resolve) => setImmediate(resolve));
    network.offsetMs += passedMs;
    readiness.look();
    return readiness.ready;
  };

  test('says that it is ready once it has keys with all others, and some of each stock that it leads', async () => {
    const readiness = readinessOf(1);
    expect(await later(readiness, 50)).toBe(false);
    expect(readiness.able).toBe(true);
    network.offsetMs += 1_000;
    await network.node(1).keeper.tick();
    expect(network.node(1).keeper.provides).toBe(true);
    expect(await later(readiness, 50)).toBe(true);
    const palm = randomPalm(rng);
    await network.node(1).registrations.run(await enrolment(network.splitter, { 'right-palm': palm }, network.clock.nowMs()));
    await expect(network.node(1).authentications.run(await probe(network.splitter, authenticationContext(network.manifest, rng, network.clock.nowMs()), capture(palm, rng)))).resolves.toMatchObject({ accepted: true, verified: true });
  }, 120_000);

  test('is not ready while another node does not see all the others, whose sessions would fail', async () => {
    network.hub.isLinked = (self, party) => self + party !== 4 + 5;
    const readiness = readinessOf(1);
    network.offsetMs += 1_000;
    await network.node(1).keeper.tick();
    expect(await later(readiness, 50)).toBe(false);
    network.hub.isLinked = () => true;
    network.offsetMs += 1_000;
    // After a failure it pauses, in real time.
    await new Promise((resolve) => setTimeout(resolve, 600));
    await network.node(1).keeper.tick();
    expect(await later(readiness, 50)).toBe(true);
  }, 120_000);

  test('waits a while for a node that is down, and no longer', async () => {
    network.kill(5);
    const readiness = readinessOf(1);
    network.offsetMs += 1_000;
    await network.node(1).keeper.tick();
    expect(await later(readiness, 50)).toBe(false);
    expect(await later(readiness, 2_000)).toBe(false);
    expect(await later(readiness, 1_000)).toBe(true);
  }, 120_000);

  test('is ready in the end without keys, stock or warmth: nobody else may be there', async () => {
    const readiness = readinessOf(1, { warmUp: () => new Promise(() => undefined) });
    expect(await later(readiness, 50)).toBe(false);
    expect(await later(readiness, 9_000)).toBe(false);
    expect(await later(readiness, 1_000)).toBe(true);
  }, 120_000);

  test('never is with fewer than 2t+1 nodes, and no longer once there are fewer', async () => {
    for (const party of [3, 4, 5]) network.kill(party);
    const readiness = readinessOf(1);
    expect(await later(readiness, 60_000)).toBe(false);
    expect(readiness.able).toBe(false);
    await network.start(network.members[2]!.party);
    expect(await later(readiness, 50)).toBe(false);
    expect(await later(readiness, 10_000)).toBe(true);
    network.kill(3);
    expect(readiness.ready).toBe(false);
  }, 120_000);

  test('moves to another epoch without a wait', () => {
    expect(readinessOf(1, { settled: true }).ready).toBe(true);
  });

  test('stays ready when a peer restarts', async () => {
    const readiness = readinessOf(1);
    network.offsetMs += 1_000;
    await network.node(1).keeper.tick();
    expect(await later(readiness, 50)).toBe(true);
    await network.restart(5);
    expect(network.node(1).keeper.provides).toBe(false);
    expect(await later(readiness, 50)).toBe(true);
  }, 120_000);
});

test('an authentication is rehearsed among nodes that pass', async () => {
  await expect(rehearse(await loadKernel(), systemClock, systemRng)).resolves.toBeUndefined();
}, 120_000);
