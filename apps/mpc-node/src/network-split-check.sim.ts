import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { committeeFamily } from '@boop/mpc';
import { splitFor, splitHash as splitHashOf } from '@boop/protocol';
import { type PartyId } from '@boop/shared';
import { seededRng } from '@boop/testing';
import { type RegistrationRecord } from './link/peer-methods.ts';
import { cheatingProbe, type HandedIn, wolf } from './testing/cheating-splitter.ts';
import { askCommittee } from './testing/ask-committee.ts';
import { authenticationContext, capture, enrolment, probe, randomPalm } from './testing/fixtures.ts';
import { MemoryNetwork } from './testing/memory-network.ts';

const invalidForm = { code: 'split.invalid-form', kind: 'rejected', retryAllowed: false };
const rng = seededRng(13);
const palm = randomPalm(rng);
let network: MemoryNetwork;

jest.setTimeout(120_000);

const context = (changes = {}) => authenticationContext(network.manifest, rng, network.clock.nowMs(), changes);
const present = async (handedIn: HandedIn, leader = 1) => await network.node(leader).authentications.run(await cheatingProbe(network.splitter, context(), handedIn));
const authenticate = async (leader = 1) => await network.node(leader).authentications.run(await probe(network.splitter, context(), capture(palm, rng)));
const start = async (nodes: number) => {
  network = await MemoryNetwork.create({ nodes, threshold: 1 }, rng);
  await network.node(1).registrations.run(await enrolment(network.splitter, { 'right-palm': palm }, network.clock.nowMs()));
};

describe('five nodes', () => {
  beforeAll(() => start(5));
  afterAll(() => network.stop());
  afterEach(() => {
    network.hub.onRequest = undefined;
  });

  test('keys are agreed once for a set of processes, and again when one has restarted', async () => {
    let agreements = 0;
    network.hub.onRequest = (_from, to, method) => void (agreements += method === 'holders.agree' && to === 1 ? 1 : 0);
    const counted = async (leader: number) => {
      agreements = 0;
      await expect(present({ values: wolf(), valid: 1024 }, leader)).rejects.toMatchObject(invalidForm);
      return agreements;
    };
    expect([await counted(3), await counted(3), await counted(4), await counted(3)]).toEqual([1, 0, 1, 0]);
    network.kill(2);
    await network.start(2 as PartyId);
    expect([await counted(3), await counted(3)]).toEqual([1, 0]);
  });

  test('a check that breaks off leaves no verdict, and the next session starts with new keys', async () => {
    let lost = 0;
    network.hub.onRequest = (_from, to, method, body) => (method === 'split.check' && to === 2 && lost++ === 0 ? { ...(body as object), keysId: rng.bytes(16) } : undefined);
    const outcome = await authenticate(1).catch((error: { code: string }) => error.code);
    expect(outcome).toBe('mpc.nodes-unavailable');
    await expect(authenticate(1)).resolves.toMatchObject({ accepted: true, verified: true });
  });

  test('a check goes out before the others have said that they opened the split; where one never opens it, the rest check once more', async () => {
    const { handlers } = network.node(3);
    const open = handlers['session.open'];
    let checked: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (checked = resolve));
    let checks: number[] = [];
    network.hub.onRequest = (_from, to, method) => {
      if (method !== 'split.check') return;
      checks.push(to);
      if (to === 3) checked();
    };
    const checksOf = (party: number) => checks.filter((to) => to === party).length;
    const answerAfter = (wait: Promise<void>) =>
      Object.assign(handlers, {
        'session.open': async (...input: Parameters<typeof open>) => {
          const answer = await open(...input);
          await wait;
          return answer;
        },
      });
    try {
      answerAfter(asked);
      await expect(authenticate(4)).resolves.toMatchObject({ accepted: true, verified: true });
      expect(checksOf(3)).toBe(1);
      const never = new Promise<never>(() => undefined);
      for (const [answer, times] of [[() => answerAfter(never), 1], [() => Object.assign(handlers, { 'session.open': async () => await never }), 2]] as const) {
        checks = [];
        answer();
        await network.leadingInHaste(4, async () => await expect(authenticate(4)).resolves.toMatchObject({ accepted: true, verified: true }));
        expect([checksOf(1), checksOf(3)]).toEqual([times, 1]);
      }
    } finally {
      Object.assign(handlers, { 'session.open': open });
    }
  });

  describe('a node that leads and lies', () => {
    const liar = 5 as PartyId;
    const all = () => network.members.map(({ party }) => party);
    const open = async (handedIn: HandedIn) => {
      const { context: authentication, split } = await cheatingProbe(network.splitter, context(), handedIn);
      const { head } = network.node(liar).gallery;
      for (const { party } of network.members) await network.node(party).handlers['session.open'](liar, { context: authentication, split: splitFor(split, party), head });
      return splitHashOf(splitFor(split, 1));
    };
    const checkAll = async (splitHash: string) => {
      const keysId = await network.node(liar).holders.ensure(all());
      const body = { splitHash, parties: all(), keysId, runId: rng.bytes(16) };
      return await Promise.allSettled(all().map((party) => network.node(party).handlers['split.check'](liar, body)));
    };
    const committee = [1, 2, 3];
    const identify = async (splitHash: string) => await askCommittee(network, liar, { splitHash, runId: rng.bytes(16), holders: all(), operation: 'identify', committee });

    test('gets no run of a split that failed', async () => {
      const splitHash = await open({ values: wolf(), valid: 1024 });
      for (const result of await checkAll(splitHash)) expect(result).toMatchObject({ status: 'rejected', reason: invalidForm });
      await expect(identify(splitHash)).rejects.toMatchObject(invalidForm);
      // Nor a second check.
      for (const result of await checkAll(splitHash)) expect(result).toMatchObject({ status: 'rejected', reason: { code: 'split.checked' } });
    });

    test('gets nothing called verified that was not checked', async () => {
      const splitHash = await open({ values: wolf(), valid: 1024 });
      const identified = await identify(splitHash);
      // The wolf does match: only the check stands between it and a token.
      expect(identified.statement.decision).toEqual({ kind: 'one', row: 0 });
      const others = committeeFamily(all(), 5, 1).committees.filter((members) => members.join() !== committee.join());
      const confirmations = await Promise.all(
        others.map((members) => askCommittee(network, liar, { splitHash, runId: rng.bytes(16), holders: all(), operation: 'verify', committee: members, row: 0, basis: identified })),
      );
      const body = { splitHash, verdicts: [identified, ...confirmations], authTime: Math.floor(network.clock.nowMs() / 1000) };
      const prepared = await Promise.all([1, 2, 3].map(async (party) => ({ party, ...(await network.node(party).handlers['token.prepare'](liar, { splitHash, basis: identified, authTime: body.authTime })) })));
      const partials = prepared.map(({ party, partial }) => ({ party, bytes: partial }));
      const commitments = prepared.map(({ party, commitment }) => ({ party, bytes: commitment }));
      const sign = async (verified: boolean) => await network.node(1).handlers['token.sign'](liar, { ...body, verified, partials, commitments });
      await expect(sign(true)).rejects.toMatchObject({ code: 'decision.verified-mismatch' });
      await expect(sign(false)).resolves.toHaveProperty('share');
    });

    test('has nothing stored of a registration that was not checked', async () => {
      const { context: registration, consent, split } = await enrolment(network.splitter, { 'left-palm': randomPalm(rng) }, network.clock.nowMs());
      const { head } = network.node(liar).gallery;
      const part = splitFor(split, 1);
      await network.node(1).handlers['session.open'](liar, { context: registration, consent, split: part, head });
      const record = { time: Math.floor(network.clock.nowMs() / 1000) } as RegistrationRecord;
      await expect(network.node(1).handlers['gallery.prepare'](liar, { splitHash: splitHashOf(part), verdicts: [], absences: [], record })).rejects.toMatchObject({ code: 'split.unchecked' });
    });

    test.each<[string, string, (parties: PartyId[]) => PartyId[]]>([
      ['fewer nodes than can check', 'holders.malformed', (parties) => parties.slice(-3)],
      ['nodes out of order', 'holders.malformed', (parties) => parties.toReversed()],
      ['nodes without itself', 'holders.malformed', (parties) => parties.slice(0, -1)],
      ['nodes that have no keys', 'holders.unknown', (parties) => parties],
    ])('cannot have a split checked among %s', async (_name, code, choose) => {
      const splitHash = await open({ values: wolf(), valid: 1024 });
      const body = { splitHash, parties: choose(all()), keysId: rng.bytes(16), runId: rng.bytes(16) };
      await expect(network.node(2).handlers['split.check'](liar, body)).rejects.toMatchObject({ code });
      await expect(network.node(2).handlers['split.check'](1 as PartyId, body)).rejects.toMatchObject({ code: 'session.not-led' });
    });
  });
});

test('three nodes cannot check: the wolf is taken for somebody, and never as verified', async () => {
  await start(3);
  await expect(present({ values: wolf(), valid: 1024 })).resolves.toMatchObject({ accepted: true, verified: false });
  const strict = context({ policy: { operatingPoint: 'default', acceptUnverified: false, acceptGatewaySplit: false } });
  await expect(network.node(1).authentications.run(await cheatingProbe(network.splitter, strict, { values: wolf(), valid: 1024 }))).resolves.toMatchObject({ accepted: false, reason: 'unverified' });
  network.stop();
});
