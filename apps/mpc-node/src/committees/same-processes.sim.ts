import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { seededRng } from '@boop/testing';
import { authenticationContext, capture, enrolment, probe, randomPalm } from '../testing/fixtures.ts';
import { MemoryNetwork } from '../testing/memory-network.ts';

const rng = seededRng(79);
const palm = randomPalm(rng);
let network: MemoryNetwork;

jest.setTimeout(120_000);

const authenticate = async (leader: number) => await network.node(leader).authentications.run(await probe(network.splitter, authenticationContext(network.manifest, rng, network.clock.nowMs()), capture(palm, rng)));

/** A node restarts; for a while it and one of the others have no link, though all the others see both. */
async function restart(party: number, unlinked: number, durationMs: number): Promise<void> {
  network.hub.isLinked = (self, other) => !([party, unlinked].includes(self) && [party, unlinked].includes(other) && self !== other);
  await network.restart(party);
  setTimeout(() => (network.hub.isLinked = () => true), durationMs);
}

beforeAll(async () => {
  network = await MemoryNetwork.create({ nodes: 5, threshold: 1 }, rng);
  await network.node(1).registrations.run(await enrolment(network.splitter, { 'right-palm': palm }, network.clock.nowMs()));
});

afterEach(() => void (network.hub.isLinked = () => true));

afterAll(() => network?.stop());

describe('a node that has just started', () => {
  test.each([
    [5, 4],
    [2, 3],
  ])('%d takes part in sessions of the others although its link to %d comes later', async (party, unlinked) => {
    await restart(party, unlinked, 300);
    await expect(authenticate(1)).resolves.toMatchObject({ accepted: true, verified: true });
  });

  test('ends a session if that link does not come, and the next one goes on once it has', async () => {
    await restart(5, 4, 60_000);
    await expect(authenticate(1)).rejects.toMatchObject({ code: 'mpc.nodes-unavailable' });
    network.hub.isLinked = () => true;
    await expect(authenticate(1)).resolves.toMatchObject({ accepted: true, verified: true });
  });
});
