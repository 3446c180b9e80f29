import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { SigningKey } from '@boop/identity';
import { systemRng as rng } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { isBoopError } from '@boop/shared';
import { type FaultPoint } from '../epochs/fault-points.ts';
import { authenticationContext, capture, enrolment, probe, randomPalm } from './fixtures.ts';
import { ProcessNetwork } from './process-network.ts';

export interface EpochCrash<Point extends string = FaultPoint> {
  readonly point: Point;
  readonly when: 'before' | 'after';
  /** 1 leads. */
  readonly victim: number;
}

const all = [1, 2, 3, 4, 5];
const limitMs = 150_000;

const nextOf = (manifest: NetworkManifest): NetworkManifest => ({ ...manifest, epoch: manifest.epoch + 1 });
const isMember = ({ members }: NetworkManifest, id: number): boolean => members.some(({ party }) => party === id);

/** Waits until all members serve an epoch with all rows. */
export async function waitReached(network: ProcessNetwork, { epoch, members }: NetworkManifest, rows: number): Promise<void> {
  for (const { party } of members) await network.waitStatus(party, (status) => status.epoch === epoch && status.galleryRows === rows && status.ready && status.live.length === members.length, limitMs);
}

/**
 * Has all nodes go to the next epoch while one is killed at a durable write, and started anew. It comes back in the epoch before or in the next one, or in
 * none that it is no member of; then all reach the next one with all their rows.
 * @param isNew whether the victim holds nothing yet, though the epoch before names one of its number
 */
export async function crashOnTheWay(network: ProcessNetwork, manifest: NetworkManifest, rows: number, { point, when, victim }: EpochCrash<string>, next = nextOf(manifest), isNew = !isMember(manifest, victim)): Promise<NetworkManifest> {
  await network.kill(victim);
  // A node that joins is started with the manifest that names it.
  if (isNew) network.propose(next);
  // A promise not to commit is only made when an earlier attempt was left open.
  await network.start(victim, point === 'epoch.stopped' ? 'epoch.signed after' : `${point} ${when}`);
  if (!isNew) await network.waitReady([victim]);
  network.propose(next);
  for (const { party } of next.members) if (party !== victim && !network.isRunning(party)) await network.start(party);
  await network.ended(victim, limitMs);
  if (point === 'epoch.stopped') {
    await network.start(victim, `${point} ${when}`);
    await network.ended(victim, limitMs);
  }
  await network.start(victim);
  let epoch: number | undefined;
  await network.waitStatus(victim, (status) => (epoch = status.epoch) !== undefined, limitMs);
  expect([isNew || !isMember(next, victim) ? 0 : manifest.epoch, manifest.epoch, next.epoch]).toContain(epoch);
  await waitReached(network, next, rows);
  return next;
}

/** The same, but the write fails once and the process lives on: it gets there without being started anew. */
export async function failOnTheWay(network: ProcessNetwork, manifest: NetworkManifest, rows: number, { point, when, victim }: EpochCrash): Promise<NetworkManifest> {
  const next = nextOf(manifest);
  await network.kill(victim);
  await network.start(victim, `${point} ${when}, failing`);
  await network.waitReady([victim]);
  network.propose(next);
  await waitReached(network, next, rows);
  expect(network.output).toContain('test.write-failed');
  return next;
}

/** Waits until nothing is left of an epoch at these nodes: no row, no record, no key share, no data key. */
export async function waitErased(network: ProcessNetwork, epoch: number, ids: readonly number[] = all): Promise<void> {
  for (const id of ids) {
    const tables = ['gallery_rows', 'registrations', 'group_key_shares', 'gallery_heads', 'data_keys'].map((table) => `SELECT epoch FROM ${table} WHERE epoch BETWEEN 1 AND ${epoch}`);
    for (const deadline = Date.now() + 120_000; (await network.query(id, tables.join(' UNION '))).length > 0; await new Promise((resolve) => setTimeout(resolve, 300)))
      if (Date.now() > deadline) throw new Error(`node ${id} keeps an old epoch`);
  }
}

/** One network that is refreshed again and again, with a node that dies each time; afterwards the same people are recognised. */
/** @param failures writes that fail once */
export function epochCrashSuite(name: string, crashes: readonly EpochCrash[], failures: readonly EpochCrash[] = []): void {
  describe(name, () => {
    const palms = [randomPalm(rng), randomPalm(rng)];
    const stranger = randomPalm(rng);
    let network: ProcessNetwork;
    let manifest: NetworkManifest;
    let vendors = 0;

    const authenticate = async (leader: number, palm: Int8Array) => {
      for (let attempt = 1; ; attempt++) {
        const context = authenticationContext(manifest, rng, Date.now(), { vendorId: `vendor-${(vendors += 1)}` });
        const body = await probe({ ...network.splitter, manifest, device: SigningKey.generate(rng) }, context, capture(palm, rng));
        try {
          return await network.request(leader, 'authentication.run', body, 30_000);
        } catch (error) {
          if (!isBoopError(error) || error.kind !== 'unavailable' || attempt === 10) throw error;
          await new Promise((resolve) => setTimeout(resolve, 500));
        }
      }
    };

    beforeAll(async () => {
      network = await ProcessNetwork.create({ nodes: 5, threshold: 1, drainSeconds: 1 });
      manifest = network.manifest;
      for (const palm of palms) await network.request(1, 'registration.run', await enrolment(network.splitter, { 'right-palm': palm }, Date.now()), 30_000);
    }, 300_000);

    afterEach(async () => await network?.recover(), 60_000);

    afterAll(async () => await network?.stop(), 30_000);

    const isAsBefore = async (crash: EpochCrash): Promise<void> => {
      await expect(authenticate(1 + (crash.victim % 5), palms[0]!)).resolves.toMatchObject({ accepted: true, verified: true });
      await expect(authenticate(crash.victim, palms[1]!)).resolves.toMatchObject({ accepted: true, verified: true });
      await expect(authenticate(crash.victim, stranger)).resolves.toMatchObject({ accepted: false });
      await waitErased(network, manifest.epoch - 1);
    };

    test.each(crashes)('$victim is killed $when $point', async (crash) => {
      manifest = await crashOnTheWay(network, manifest, palms.length, crash);
      await isAsBefore(crash);
    }, 600_000);

    if (failures.length > 0)
      test.each(failures)('$point of $victim fails, $when it', async (crash) => {
        manifest = await failOnTheWay(network, manifest, palms.length, crash);
        await isAsBefore(crash);
      }, 600_000);
  });
}
