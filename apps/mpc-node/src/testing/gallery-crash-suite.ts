import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { sessionIdOf, signAsOwner, SigningKey } from '@boop/identity';
import { systemRng as rng } from '@boop/platform';
import { type PalmErasure, palmErasureBytes, palmErasureDomain, type SignedPalmErasure } from '@boop/protocol';
import { isBoopError, toBase64Url } from '@boop/shared';
import { type GalleryFaultPoint } from '../store/fault-points.ts';
import { authenticationContext, capture, enrolment, probe, randomPalm } from './fixtures.ts';
import { insist } from './insist.ts';
import { ProcessNetwork } from './process-network.ts';

export interface GalleryCrash {
  readonly point: GalleryFaultPoint;
  readonly when: 'before' | 'after';
  /** 1 leads. */
  readonly victim: number;
}

const all = [1, 2, 3, 4, 5];
const [leader, unwilling] = [1, 5];
const endTimeoutMs = 120_000;
/** A machine that is busy with all else. */
const readyTimeoutMs = 400_000;
/** A registration that nobody leads any more waits for a minute. */
const settleTimeoutMs = 180_000;

/** One network in which people register and leave while a node dies each time; all nodes end up with the same, and nothing acknowledged is lost. */
export function galleryCrashSuite(name: string, crashes: readonly GalleryCrash[]): void {
  describe(name, () => {
    let network: ProcessNetwork;
    let rows = 0;
    /** Nodes that are to die, or have died. */
    const dying = new Set<number>();

    /** @returns `undefined` when there was no answer, or a refusal */
    const answerOf = async <T>(asked: Promise<T>): Promise<T | undefined> =>
      await asked.catch((error: unknown) => {
        if (!isBoopError(error)) throw error;
        return undefined;
      });
    const authenticate = async (by: number, palm: Int8Array) =>
      await insist(async () => await network.request(by, 'authentication.run', await probe(network.splitter, authenticationContext(network.manifest, rng, Date.now()), capture(palm, rng))));
    const register = async (device: SigningKey, palm: Int8Array) =>
      await insist(async () => await network.request(leader, 'registration.run', await enrolment({ ...network.splitter, device }, { 'right-palm': palm }, Date.now())), 400);
    const together = async (): Promise<void> => {
      await network.waitReady(all, readyTimeoutMs);
      for (const id of all) await network.waitStatus(id, ({ ready, live, galleryRows }) => ready && live.length === all.length && galleryRows === rows, settleTimeoutMs);
    };
    const arm = async (id: number, fault: string): Promise<void> => {
      dying.add(id);
      await network.kill(id);
      await network.start(id, fault);
    };
    /** Waits until they have died, and starts them again. */
    const revive = async (): Promise<void> => {
      for (const id of dying) await network.ended(id, endTimeoutMs);
      for (const id of dying) await network.start(id);
      await network.waitReady([...dying], readyTimeoutMs);
      dying.clear();
    };
    /** Polls until all nodes answer alike, and none of them waits for anything. */
    const agreed = async <T>(ask: (id: number) => Promise<T>, isEnd: (answer: T) => boolean): Promise<T> => {
      for (const deadline = Date.now() + settleTimeoutMs; ; await new Promise((resolve) => setTimeout(resolve, 250))) {
        const answers = await Promise.all(all.map(async (id) => await ask(id).catch(() => undefined)));
        const [first] = answers;
        if (first !== undefined && isEnd(first) && answers.every((answer) => answer === first)) return first;
        if (Date.now() > deadline) throw new Error(`nodes say ${answers.join()}\n${network.output.slice(-4000)}`);
      }
    };
    const endOf = async (session: string): Promise<string> => await agreed(async (id) => (await network.request(id, 'registration.find', { session }, 5_000)).state, (state) => state !== 'open');
    /** How many registrations are erased, and how many rows are left. */
    const erasedOn = async (id: number): Promise<string> => {
      const [counts] = await network.query(id, 'SELECT (SELECT count(*) FROM registrations WHERE erasure IS NOT NULL)::int AS erased, (SELECT count(*) FROM gallery_rows)::int AS rows');
      return `${String(counts!['erased'])}/${String(counts!['rows'])}`;
    };

    const crashInRegistration = async ({ point, when, victim }: GalleryCrash): Promise<void> => {
      const device = SigningKey.generate(rng);
      const palm = randomPalm(rng);
      await arm(victim, `${point} ${when}`);
      // What is taken back is what another node could not prepare.
      if (point === 'registration.drop') await arm(unwilling, 'registration.prepare before');
      await together();
      const request = await enrolment({ ...network.splitter, device }, { 'right-palm': palm }, Date.now());
      const answer = await answerOf(network.request(leader, 'registration.run', request));
      await revive();
      const end = await endOf(sessionIdOf(request.context));
      const isDurable = point === 'registration.commit' && !(victim === leader && when === 'before');
      expect(end).toBe(isDurable ? 'stored' : 'none');
      if (answer) expect(end).toBe('stored');
      const again = await register(device, palm).then(
        () => 'registered',
        (error: unknown) => (isBoopError(error) ? error.code : 'failed'),
      );
      expect(again).toBe(isDurable ? 'registration.duplicate' : 'registered');
      rows += 1;
      await together();
      await expect(authenticate(victim, palm)).resolves.toMatchObject({ accepted: true, verified: true });
    };

    const crashInErasure = async ({ point, when, victim }: GalleryCrash): Promise<void> => {
      const device = SigningKey.generate(rng);
      const palm = randomPalm(rng);
      await register(device, palm);
      rows += 1;
      await together();
      const before = await agreed(erasedOn, () => true);
      await arm(victim, `${point} ${when}`);
      await together();
      const request = erasureOf(network.manifest.networkId, device);
      const answer = await answerOf(network.request(leader, 'subject.erase', { request }));
      await revive();
      const [erased, left] = before.split('/').map(Number);
      const after = `${erased! + 1}/${left! - 1}`;
      // The others were asked before the node died, or at the same time; who has not erased is told by those who have.
      const end = await agreed(erasedOn, () => true);
      expect([before, after]).toContain(end);
      if (answer || when === 'after') expect(end).toBe(after);
      await together();
      // A node that was out of reach for a moment is asked again.
      const everywhere = async (): Promise<string> => String((await network.request(victim, 'subject.erase', { request })).pending.length);
      expect(await agreed(async () => await insist(everywhere), (pending) => pending === '0')).toBe('0');
      expect(await agreed(erasedOn, () => true)).toBe(after);
      await together();
      await expect(authenticate(victim, palm)).resolves.toMatchObject({ accepted: false });
    };

    beforeAll(async () => {
      network = await ProcessNetwork.create({ nodes: 5, threshold: 1 });
      await together();
    }, 900_000);

    // One that has not died would do so in the next test.
    afterEach(async () => {
      for (const id of dying) await network.kill(id);
      if (dying.size > 0) await revive();
    }, 900_000);

    afterAll(async () => await network?.stop(), 60_000);

    test.each(crashes)('$victim is killed $when $point', async (crash) => await (crash.point === 'erasure.rows' ? crashInErasure(crash) : crashInRegistration(crash)), 1_800_000);
  });
}

function erasureOf(networkId: string, device: SigningKey): SignedPalmErasure {
  const record: PalmErasure = { v: 1, kind: 'palm-erasure', networkId, accountKey: device.publicKey, requestedAt: Math.floor(Date.now() / 1000), nonce: toBase64Url(rng.bytes(32)) };
  return { record, signed: signAsOwner(palmErasureDomain, palmErasureBytes(record), device) };
}
