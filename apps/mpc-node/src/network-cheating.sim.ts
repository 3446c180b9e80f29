import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type PartyId } from '@boop/shared';
import { seededRng, seededUint32 } from '@boop/testing';
import { CheatingNode, type NodeLie } from './testing/cheating-node.ts';

const rng = seededRng(31);
let cheating: CheatingNode;
let lies: NodeLie[];

const nameOf = ({ liar, method, direction, path }: NodeLie): string => `${liar} ${method} ${direction} ${path.join('.')}`;

// A slice of what network-cheating.long.ts goes through.
describe.each(['in-turn', 'together'] as const)('among five nodes that search %s', (order) => {
  beforeAll(async () => {
    cheating = await CheatingNode.create(5, rng, order);
    const seen = [...(await cheating.liesOf(1 as PartyId)), ...(await cheating.liesOf(4 as PartyId))];
    // Some lies keep a run waiting for its end by time; nothing below is wrong when one that is merely slow ends so, too.
    cheating.network.patience = 1;
    // In an order of its own, since that in which messages went by is another every time: the same ten are told below.
    lies = seen.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  }, 120_000);
  afterAll(() => cheating.network.stop());

  test('there is much to lie about', () => {
    const methods = new Set(lies.map(({ method, direction }) => `${method} ${direction}`));
    for (const said of ['session.open request', 'split.check request', 'run.take request', 'run.take answer', 'run.lanes request', 'token.sign request', 'token.sign answer', 'decision.reject request', 'session.end request'])
      expect(methods).toContain(said);
  });

  test('no altered request or answer lets a stranger in, gives somebody another name, or has an honest node named', async () => {
    const next = seededUint32(6);
    let told = 0;
    for (let i = 0; i < 10; i++) {
      const lie = lies[next() % lies.length]!;
      const result = await cheating.tell(lie);
      told += result.told;
      expect({ ...result, stranger: result.stranger === 'accepted', named: result.named.filter((party) => party !== lie.liar) }).toMatchObject({ stranger: false, misnamed: false, named: [] });
    }
    expect(told).toBeGreaterThan(0);
  }, 600_000);
});
