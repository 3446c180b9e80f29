import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type ConsentText, separated, signAsOwner, SigningKey } from '@boop/identity';
import { systemRng as rng } from '@boop/platform';
import { type PalmErasure, palmErasureBytes, palmErasureDomain, type SignedPalmErasure, type SignedSubjectOrder, type SubjectOrder, subjectOrderBytes, subjectOrderDomain } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { CrashHarness } from './crash-harness.ts';
import { authenticationContext, capture, consentText, enrolment, probe, randomPalm } from './fixtures.ts';
import { insist } from './insist.ts';
import { ProcessNetwork } from './process-network.ts';

/** Who has it done; the retention timer is nobody. */
export type Orderer = 'owner' | 'custodians' | 'retention';

export interface SubjectCrash {
  readonly point: 'order.put' | 'erasure.rows';
  readonly by: Orderer;
  readonly when: 'before' | 'after';
  /** 1 leads. */
  readonly victim: number;
}

const leader = 1;
const brief: ConsentText = { version: 'consent-seconds', locale: 'en', title: 'Consent for some seconds', text: 'A palm is compared for some seconds.', retentionSeconds: 5 };
const ordering = [2, 3];

/** One network in which people are suspended, erased and enrolled anew, by whose order ever, while a node dies each time. */
export function subjectCrashSuite(name: string, crashes: readonly SubjectCrash[]): void {
  describe(name, () => {
    let network: ProcessNetwork;
    let harness: CrashHarness;
    let vendors = 0;

    /** At a terminal and for a vendor of its own, so that no budget of attempts is used up. */
    const authenticate = async (by: number, palm: Int8Array) =>
      await insist(async () => {
        const context = authenticationContext(network.manifest, rng, Date.now(), { vendorId: `vendor-${(vendors += 1)}` });
        return await network.request(by, 'authentication.run', await probe({ ...network.splitter, device: SigningKey.generate(rng) }, context, capture(palm, rng)));
      });
    const register = async (device: SigningKey, palm: Int8Array, text = consentText) => {
      await insist(async () => await network.request(leader, 'registration.run', await enrolment({ ...network.splitter, device }, { 'right-palm': palm }, Date.now(), undefined, text)), 400);
      harness.rows += 1;
    };
    const now = (): number => Math.floor(Date.now() / 1000);
    const nonce = (): string => toBase64Url(rng.bytes(32));
    const signed = (by: Orderer, domain: string, document: Uint8Array, device: SigningKey) =>
      by === 'owner'
        ? signAsOwner(domain, document, device)
        : { method: 'custodians' as const, signatures: ordering.map((party) => ({ party, signature: toBase64Url(network.signIdentity(party, separated(domain, document))) })) };
    const orderOf = (by: Orderer, action: SubjectOrder['action'], device: SigningKey): SignedSubjectOrder => {
      // Of one second the suspension counts: what lifts it is of a later one.
      const record: SubjectOrder = { v: 1, kind: 'subject-order', networkId: network.manifest.networkId, action, accountKey: device.publicKey, requestedAt: now() + (action === 'resume' ? 1 : 0), nonce: nonce() };
      return { record, signed: signed(by, subjectOrderDomain, subjectOrderBytes(record), device) };
    };
    const erasureOf = (by: Orderer, device: SigningKey): SignedPalmErasure => {
      const record: PalmErasure = { v: 1, kind: 'palm-erasure', networkId: network.manifest.networkId, accountKey: device.publicKey, requestedAt: now(), nonce: nonce() };
      return { record, signed: signed(by, palmErasureDomain, palmErasureBytes(record), device) };
    };
    const ordersOn = async (id: number): Promise<number> => Number((await network.query(id, 'SELECT count(*)::int AS orders FROM subject_orders'))[0]!['orders']);
    /** A node that was out of reach for a moment is asked again. */
    const everywhere = async (ask: () => Promise<{ pending: number[] }>): Promise<void> => {
      expect(await harness.agreed(async () => String((await insist(ask)).pending.length), (pending) => pending === '0')).toBe('0');
    };

    const crashInOrder = async ({ point, by, when, victim }: SubjectCrash): Promise<void> => {
      const device = SigningKey.generate(rng);
      const palm = randomPalm(rng);
      await register(device, palm);
      await harness.together();
      const before = await harness.agreed(ordersOn);
      await harness.arm(victim, `${point} ${when}`);
      await harness.together();
      const order = orderOf(by, 'suspend', device);
      const answer = await harness.answerOf(network.request(leader, 'subject.order', { order }));
      await harness.revive();
      // Whoever has heard of the order tells it to the others.
      const end = await harness.agreed(ordersOn);
      expect([before, before + 1]).toContain(end);
      if (answer || when === 'after') expect(end).toBe(before + 1);
      await harness.together();
      await everywhere(async () => await network.request(leader, 'subject.order', { order }));
      expect(await harness.agreed(ordersOn)).toBe(before + 1);
      for (const id of [victim, ...ordering]) await expect(authenticate(id, palm)).resolves.toMatchObject({ accepted: false });
      const resumption = orderOf(by, 'resume', device);
      await everywhere(async () => await network.request(leader, 'subject.order', { order: resumption }));
      await expect(authenticate(victim, palm)).resolves.toMatchObject({ accepted: true });
    };

    const crashInErasure = async ({ point, by, when, victim }: SubjectCrash): Promise<void> => {
      const device = SigningKey.generate(rng);
      const palm = randomPalm(rng);
      if (by !== 'retention') await register(device, palm);
      await harness.together();
      const before = await harness.agreed((id) => harness.erasedOn(id));
      await harness.arm(victim, `${point} ${when}`);
      await harness.together();
      const request = erasureOf(by, device);
      // The time of this one runs out while the node waits for it.
      if (by === 'retention') await register(device, palm, brief);
      const answer = by === 'retention' ? undefined : await harness.answerOf(network.request(leader, 'subject.erase', { request }));
      await harness.revive();
      const [erased, left] = before.split('/').map(Number);
      const after = by === 'retention' ? `${erased! + 1}/${left!}` : `${erased! + 1}/${left! - 1}`;
      const end = await harness.agreed((id) => harness.erasedOn(id), (counts) => by !== 'retention' || counts === after);
      expect([before, after]).toContain(end);
      if (answer || when === 'after') expect(end).toBe(after);
      await harness.together();
      if (by !== 'retention') await everywhere(async () => await network.request(victim, 'subject.erase', { request }));
      expect(await harness.agreed((id) => harness.erasedOn(id))).toBe(after);
      await expect(authenticate(victim, palm)).resolves.toMatchObject({ accepted: false });
      // The same person may come back.
      await register(device, palm);
      await harness.together();
      await expect(authenticate(victim, palm)).resolves.toMatchObject({ accepted: true, verified: true });
      expect(await harness.agreed((id) => harness.erasedOn(id))).toBe(`${erased! + 1}/${Number(after.split('/')[1]) + 1}`);
    };

    beforeAll(async () => {
      network = await ProcessNetwork.create({ nodes: 5, threshold: 1, consentTexts: [consentText, brief] });
      harness = new CrashHarness(network);
      await harness.together();
    }, 900_000);

    afterEach(async () => await harness.disarm(), 900_000);

    afterAll(async () => await network?.stop(), 60_000);

    test.each(crashes)('$victim is killed $when $point, ordered by $by', async (crash) => await (crash.point === 'order.put' ? crashInOrder(crash) : crashInErasure(crash)), 1_800_000);
  });
}
