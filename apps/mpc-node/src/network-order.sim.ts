import { afterAll, expect, jest, test } from '@jest/globals';
import { seededRng } from '@boop/testing';
import { authenticationContext, capture, enrolment, probe, randomPalm } from './testing/fixtures.ts';
import { MemoryNetwork } from './testing/memory-network.ts';

const rng = seededRng(79);
let network: MemoryNetwork;

jest.setTimeout(120_000);
afterAll(() => network.stop());

test('runs of one committee reach a member in another order than they were given lanes in, and both come to their decision', async () => {
  network = await MemoryNetwork.create({ nodes: 3, threshold: 1 }, rng);
  const [palm, stranger] = [randomPalm(rng), randomPalm(rng)];
  const now = () => network.clock.nowMs();
  await network.node(1).registrations.run(await enrolment(network.splitter, { 'right-palm': palm }, now()));
  const authenticate = async (leader: number, template = palm) => await network.node(leader).authentications.run(await probe(network.splitter, authenticationContext(network.manifest, rng, now(), { policy: { operatingPoint: 'default', acceptUnverified: true, acceptGatewaySplit: false } }), capture(template, rng)));
  // Correlations for both are in stock.
  await expect(authenticate(2)).resolves.toMatchObject({ accepted: true });

  let go = (): void => undefined;
  const secondIsThere = new Promise<void>((resolve) => (go = resolve));
  const order: string[] = [];
  network.hub.onRequest = (_from, to, method) => {
    if (to !== 3 || method !== 'run.lanes' || order.length > 1) return undefined;
    order.push('join');
    if (order.length === 1) return secondIsThere;
    // The second gets there first.
    setImmediate(() => setImmediate(go));
    return undefined;
  };
  const outcomes = await Promise.all([authenticate(2), authenticate(3, stranger)]);
  expect(outcomes.map(({ accepted }) => accepted)).toEqual([true, false]);
  expect(order).toHaveLength(2);
});
