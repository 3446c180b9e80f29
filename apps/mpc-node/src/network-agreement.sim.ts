import { afterAll, expect, jest, test } from '@jest/globals';
import { seededRng } from '@boop/testing';
import { authenticationContext, capture, enrolment, probe, randomPalm } from './testing/fixtures.ts';
import { MemoryNetwork } from './testing/memory-network.ts';

const rng = seededRng(78);
/** Of an agreement on keys. */
const lastRound = 2;
let network: MemoryNetwork;

jest.setTimeout(120_000);
afterAll(() => network.stop());

test('a member that missed an agreement of its committee makes no correlations with the keys of the one before', async () => {
  network = await MemoryNetwork.create({ nodes: 3, threshold: 1 }, rng);
  const palm = randomPalm(rng);
  const now = () => network.clock.nowMs();
  await network.node(1).registrations.run(await enrolment(network.splitter, { 'right-palm': palm }, now()));
  const scope = { committee: network.members.map(({ party }) => party), holders: network.members.map(({ party }) => party) };
  const last = scope.committee.at(-1);
  const authenticate = async () => await network.node(2).authentications.run(await probe(network.splitter, authenticationContext(network.manifest, rng, now(), { policy: { operatingPoint: 'default', acceptUnverified: true, acceptGatewaySplit: false } }), capture(palm, rng)));
  await expect(authenticate()).resolves.toMatchObject({ accepted: true });

  // The lowest party lets go of its keys, and the new agreement does not come about at one member, which has the former keys still.
  network.node(1).committees.forget(scope);
  // Its last round: the others have got all that they need.
  network.hub.onSession = (_from, to, payload) => (to === last && payload[1] === lastRound ? new Uint8Array(1) : payload);
  await expect(network.node(1).committees.ensureKeys(scope)).rejects.toThrow();
  network.hub.onSession = undefined;

  for (let visit = 0; visit < 3; visit++) await expect(authenticate()).resolves.toMatchObject({ accepted: true });
});
