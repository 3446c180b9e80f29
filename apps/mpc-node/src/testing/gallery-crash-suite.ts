import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { parseTokenClaims, sessionIdOf, signAsOwner, SigningKey } from '@boop/identity';
import { systemRng as rng } from '@boop/platform';
import { type PalmErasure, palmErasureBytes, palmErasureDomain, parseLogEntry, type RegistrationEntry, type SignedPalmErasure } from '@boop/protocol';
import { isBoopError, toBase64Url } from '@boop/shared';
import { type GalleryFaultPoint } from '../store/fault-points.ts';
import { CrashHarness } from './crash-harness.ts';
import { authenticationContext, capture, consentText, enrolment, probe, randomPalm } from './fixtures.ts';
import { insist } from './insist.ts';
import { ProcessNetwork } from './process-network.ts';

export interface GalleryCrash {
  readonly point: GalleryFaultPoint;
  readonly when: 'before' | 'after';
  /** 1 leads. */
  readonly victim: number;
}

const [leader, unwilling] = [1, 5];

/** One network in which people register and leave while a node dies each time; all nodes end up with the same, and nothing acknowledged is lost. */
export function galleryCrashSuite(name: string, crashes: readonly GalleryCrash[], renewals: readonly GalleryCrash[]): void {
  describe(name, () => {
    let network: ProcessNetwork;
    let harness: CrashHarness;

    const authenticate = async (by: number, palm: Int8Array) =>
      await insist(async () => await network.request(by, 'authentication.run', await probe(network.splitter, authenticationContext(network.manifest, rng, Date.now()), capture(palm, rng))));
    const register = async (device: SigningKey, palm: Int8Array) =>
      await insist(async () => await network.request(leader, 'registration.run', await enrolment({ ...network.splitter, device }, { 'right-palm': palm }, Date.now())), 400);
    const endOf = async (session: string): Promise<string> => await harness.agreed(async (id) => (await network.request(id, 'registration.find', { session }, 5_000)).state, (state) => state !== 'open');
    const crashInRegistration = async ({ point, when, victim }: GalleryCrash): Promise<void> => {
      const device = SigningKey.generate(rng);
      const palm = randomPalm(rng);
      await harness.arm(victim, `${point} ${when}`);
      // What is taken back is what another node could not prepare.
      if (point === 'registration.drop') await harness.arm(unwilling, 'registration.prepare before');
      await harness.together();
      const request = await enrolment({ ...network.splitter, device }, { 'right-palm': palm }, Date.now());
      const answer = await harness.answerOf(network.request(leader, 'registration.run', request));
      await harness.revive();
      const end = await endOf(sessionIdOf(request.context));
      const isDurable = point === 'registration.commit' && !(victim === leader && when === 'before');
      expect(end).toBe(isDurable ? 'stored' : 'none');
      if (answer) expect(end).toBe('stored');
      const again = await register(device, palm).then(
        () => 'registered',
        (error: unknown) => (isBoopError(error) ? error.code : 'failed'),
      );
      expect(again).toBe(isDurable ? 'registration.duplicate' : 'registered');
      harness.rows += 1;
      await harness.together();
      await expect(authenticate(victim, palm)).resolves.toMatchObject({ accepted: true, verified: true });
    };

    const crashInRenewal = async ({ point, when, victim }: GalleryCrash): Promise<void> => {
      const device = SigningKey.generate(rng);
      const palm = randomPalm(rng);
      const { entry } = await register(device, palm);
      const renews = (parseLogEntry(entry) as RegistrationEntry).split;
      harness.rows += 1;
      await harness.together();
      const sub = parseTokenClaims((await authenticate(victim, palm)).idToken!).sub;
      const before = await harness.agreed((id) => harness.erasedOn(id));
      await harness.arm(victim, `${point} ${when}`);
      await harness.together();
      const renewal = async () => await enrolment({ ...network.splitter, device }, { 'right-palm': capture(palm, rng) }, Date.now(), undefined, consentText, renews);
      const request = await renewal();
      const answer = await harness.answerOf(network.request(leader, 'registration.run', request));
      await harness.revive();
      const isDurable = !(victim === leader && when === 'before');
      expect(await endOf(sessionIdOf(request.context))).toBe(isDurable ? 'stored' : 'none');
      if (answer) expect(isDurable).toBe(true);
      const [erased, left] = before.split('/').map(Number);
      const after = `${erased! + 1}/${left!}`;
      expect(await harness.agreed((id) => harness.erasedOn(id))).toBe(isDurable ? after : before);
      const again = await insist(async () => await network.request(leader, 'registration.run', await renewal()), 400).then(
        () => 'renewed',
        (error: unknown) => (isBoopError(error) ? error.code : 'failed'),
      );
      expect(again).toBe(isDurable ? 'registration.nothing-to-renew' : 'renewed');
      harness.rows += 1;
      expect(await harness.agreed((id) => harness.erasedOn(id))).toBe(after);
      await harness.together();
      const found = await authenticate(victim, palm);
      expect(found).toMatchObject({ accepted: true, verified: true });
      expect(parseTokenClaims(found.idToken!).sub).toBe(sub);
    };

    const crashInErasure = async ({ point, when, victim }: GalleryCrash): Promise<void> => {
      const device = SigningKey.generate(rng);
      const palm = randomPalm(rng);
      await register(device, palm);
      harness.rows += 1;
      await harness.together();
      const before = await harness.agreed((id) => harness.erasedOn(id));
      await harness.arm(victim, `${point} ${when}`);
      await harness.together();
      const request = erasureOf(network.manifest.networkId, device);
      const answer = await harness.answerOf(network.request(leader, 'subject.erase', { request }));
      await harness.revive();
      const [erased, left] = before.split('/').map(Number);
      const after = `${erased! + 1}/${left! - 1}`;
      // The others were asked before the node died, or at the same time; who has not erased is told by those who have.
      const end = await harness.agreed((id) => harness.erasedOn(id));
      expect([before, after]).toContain(end);
      if (answer || when === 'after') expect(end).toBe(after);
      await harness.together();
      // A node that was out of reach for a moment is asked again.
      const everywhere = async (): Promise<string> => String((await network.request(victim, 'subject.erase', { request })).pending.length);
      expect(await harness.agreed(async () => await insist(everywhere), (pending) => pending === '0')).toBe('0');
      expect(await harness.agreed((id) => harness.erasedOn(id))).toBe(after);
      await harness.together();
      await expect(authenticate(victim, palm)).resolves.toMatchObject({ accepted: false });
    };

    beforeAll(async () => {
      network = await ProcessNetwork.create({ nodes: 5, threshold: 1 });
      harness = new CrashHarness(network);
      await harness.together();
    }, 900_000);

    afterEach(async () => await harness.disarm(), 900_000);

    afterAll(async () => await network?.stop(), 60_000);

    test.each(renewals)('$victim is killed $when $point of what replaces another', async (crash) => await crashInRenewal(crash), 1_800_000);

    test.each(crashes)('$victim is killed $when $point', async (crash) => await (crash.point === 'erasure.rows' ? crashInErasure(crash) : crashInRegistration(crash)), 1_800_000);
  });
}

function erasureOf(networkId: string, device: SigningKey): SignedPalmErasure {
  const record: PalmErasure = { v: 1, kind: 'palm-erasure', networkId, accountKey: device.publicKey, requestedAt: Math.floor(Date.now() / 1000), nonce: toBase64Url(rng.bytes(32)) };
  return { record, signed: signAsOwner(palmErasureDomain, palmErasureBytes(record), device) };
}
