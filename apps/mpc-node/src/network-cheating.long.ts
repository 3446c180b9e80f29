import { describe, expect, test } from '@jest/globals';
import { type PartyId } from '@boop/shared';
import { seededRng } from '@boop/testing';
import { CheatingNode } from './testing/cheating-node.ts';

describe.each([4, 5].flatMap((nodes) => (['in-turn', 'together'] as const).map((order) => ({ nodes, order }))))('among $nodes nodes that search $order', ({ nodes, order }) => {
  test('no altered value of any request or answer, by any node, lets a stranger in, gives somebody another name, or has an honest node named', async () => {
    const cheating = await CheatingNode.create(nodes, seededRng(32 + nodes), order);
    for (const { party } of cheating.network.members) {
      for (const lie of await cheating.liesOf(party as PartyId)) {
        const result = await cheating.tell(lie);
        expect({ ...result, stranger: result.stranger === 'accepted', named: result.named.filter((each) => each !== lie.liar) }).toMatchObject({ stranger: false, misnamed: false, named: [] });
      }
    }
    cheating.network.stop();
  }, 3_600_000);
});
