import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { systemRng as rng } from '@boop/platform';
import { type PeerBody } from '../link/peer-methods.ts';
import { type PeerHandlers } from '../link/peers.ts';
import { enrolment, randomPalm } from '../testing/fixtures.ts';
import { MemoryNetwork } from '../testing/memory-network.ts';

type Prepare = PeerBody<'gallery.prepare'>;
const all = [1, 2, 3, 4, 5];
let network: MemoryNetwork;

const register = async (palm: Int8Array, leader = 1) => await network.node(leader).registrations.run(await enrolment(network.splitter, { 'right-palm': palm }, network.clock.nowMs()));
/** What the first node does to what it sends when it asks others to store. */
const altering = (change: (body: Prepare) => Prepare): void => {
  network.hub.onRequest = (_from, _to, method, body) => (method === 'gallery.prepare' ? change(body as Prepare) : undefined);
};
const nothingStored = (): void => {
  for (const party of all) {
    expect(network.node(party).gallery.rows).toBe(1);
    expect(network.node(party).registrar.pendingId).toBeUndefined();
  }
};

beforeAll(async () => {
  network = await MemoryNetwork.create({ nodes: 5, threshold: 1 }, rng);
  await register(randomPalm(rng));
}, 120_000);
afterAll(() => network?.stop());
afterEach(() => {
  network.hub.onRequest = undefined;
});

describe('a leader that hides what is stored', () => {
  test.each<[string, (body: Prepare) => Prepare]>([
    ['shows one statement too few', (body) => ({ ...body, absences: [body.absences[0]!, body.absences[1]!, body.absences[1]!] })],
    ['shows one under the name of another node', (body) => ({ ...body, absences: [...body.absences.slice(0, 3), { party: 5, signature: body.absences[3]!.signature }] })],
    ['shows one of a node that there is not', (body) => ({ ...body, absences: [...body.absences.slice(0, 3), { party: 6, signature: body.absences[3]!.signature }] })],
    ['writes another one into the record', (body) => ({ ...body, record: { ...body.record, absence: body.record.splitHash } })],
    ['leaves it out of the record', (body) => {
      const { absence: _absence, ...record } = body.record;
      return { ...body, record };
    }],
  ])('%s: nobody writes', async (_name, change) => {
    altering(change);
    await expect(register(randomPalm(rng))).rejects.toMatchObject({ code: 'mpc.aborted' });
    network.hub.onRequest = undefined;
    nothingStored();
  }, 120_000);

  test('shows statements about another session: nobody writes', async () => {
    let absences: Prepare['absences'] = [];
    altering((body) => {
      ({ absences } = body);
      return { ...body, absences: absences.slice(0, 2).concat(absences[0]!) };
    });
    await expect(register(randomPalm(rng))).rejects.toMatchObject({ code: 'mpc.aborted' });
    expect(absences).toHaveLength(5);
    altering((body) => ({ ...body, absences }));
    await expect(register(randomPalm(rng))).rejects.toMatchObject({ code: 'mpc.aborted' });
    network.hub.onRequest = undefined;
    nothingStored();
  }, 120_000);

  test('opens a second registration of a palm while the first one is withheld from two nodes: refused, and the first one stands', async () => {
    const palm = randomPalm(rng);
    // The second one is searched for, and its statements signed, before the first one is anywhere; its leader goes on after the first one is stored.
    let signed = (): void => undefined;
    const secondSigned = new Promise<void>((resolve) => (signed = resolve));
    let stored = (): void => undefined;
    const firstStored = new Promise<void>((resolve) => (stored = resolve));
    network.hub.onRequest = (from, to, method) => {
      if (from === 1 && method === 'gallery.commit' && to >= 4) throw new Error('withheld');
    };
    const handlers = network.node(2).handlers as { 'gallery.absence': PeerHandlers['gallery.absence'] };
    const honest = handlers['gallery.absence'];
    handlers['gallery.absence'] = async (from, body) => {
      const answer = await honest(from, body);
      if (from !== 2) return answer;
      signed();
      await firstStored;
      return answer;
    };
    const later = register(palm, 2);
    later.catch(() => undefined);
    await secondSigned;
    await expect(register(palm, 1)).resolves.toMatchObject({ verified: true });
    stored();
    await expect(later).rejects.toMatchObject({ code: expect.stringMatching(/^mpc\.(?:aborted|nodes-unavailable)$/) });
    handlers['gallery.absence'] = honest;
    network.hub.onRequest = undefined;
    for (const party of [4, 5]) await network.node(party).sync.settle();
    for (const party of all) expect(network.node(party).gallery.head).toEqual(network.node(1).gallery.head);
    expect(network.node(1).gallery.rows).toBe(2);
    await expect(register(palm, 3)).rejects.toMatchObject({ code: 'registration.duplicate' });
  }, 120_000);
});
