import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { partyId } from '@boop/shared';
import { seededRng } from '@boop/testing';
import { wantedCommittees } from './committees/pool-keeper.ts';
import { authenticationContext, capture, probe, randomPalm } from './testing/fixtures.ts';
import { MemoryNetwork } from './testing/memory-network.ts';

const rng = seededRng(11);
const strangers = Array.from({ length: 16 }, () => randomPalm(rng));
const [first, last, unknown] = [randomPalm(rng), randomPalm(rng), randomPalm(rng)];
/** Two blocks of lanes: 2,560 rows and the rest. */
const rows = 2_700;
let network: MemoryNetwork;

beforeAll(async () => {
  network = await MemoryNetwork.create({ nodes: 4, threshold: 1 }, rng);
  await network.fill(rows, (slot) => (slot === 0 ? first : slot === rows - 1 ? last : strangers[slot % strangers.length]!));
}, 120_000);
afterAll(() => network.stop());

describe('a gallery that is searched in blocks', () => {
  test.each([
    ['finds a palm in the first', first, true],
    ['finds a palm in the last', last, true],
    ['finds nobody who is in none', unknown, false],
  ])('%s', async (_, palm, accepted) => {
    const context = authenticationContext(network.manifest, rng, network.clock.nowMs());
    const answer = await network.node(1).authentications.run(await probe(network.splitter, context, capture(palm, rng)));
    expect(answer).toMatchObject({ accepted, ...(accepted && { verified: true }) });
    const [search] = network.forms.splice(0);
    expect(search).toMatchObject({ backEnd: 'digits', blockRows: 2_560 });
  }, 120_000);

  test('keeps lanes of digits for two searches in stock', async () => {
    // Stock is made in pauses, which begin some time after the last request.
    network.frozenMs = undefined;
    const { keeper, committees } = network.node(1);
    const [scope] = wantedCommittees(network.node(1).network, [1, 2, 3, 4].map(partyId));
    const lanes = (): number => committees.availableLanes(scope!, 'digits');
    // A node that was busy a moment ago refuses, and is asked again after a pause.
    while (lanes() < 2 * rows * 25) {
      network.offsetMs += 1_000;
      await keeper.tick();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(committees.availableLanes(scope!, 'one-hot')).toBeGreaterThanOrEqual(2_048);
  }, 120_000);
});
