import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
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

/**
 * Has all nodes go to the next epoch while one is killed at a durable write, and started anew. It comes back in the epoch before or in the next one;
 * then all reach the next one with all their rows.
 */
export async function crashOnTheWay(network: ProcessNetwork, manifest: NetworkManifest, rows: number, { point, when, victim }: EpochCrash<string>): Promise<NetworkManifest> {
  const next = { ...manifest, epoch: manifest.epoch + 1 };
  await network.kill(victim);
  // A promise not to commit is only made when an earlier attempt was left open.
  await network.start(victim, point === 'epoch.stopped' ? 'epoch.signed after' : `${point} ${when}`);
  await network.waitReady([victim]);
  network.propose(next);
  await network.ended(victim, 150_000);
  if (point === 'epoch.stopped') {
    await network.start(victim, `${point} ${when}`);
    await network.ended(victim, 150_000);
  }
  await network.start(victim);
  await network.waitReady([victim]);
  const { epoch } = await network.request(victim, 'node.status', {});
  expect([manifest.epoch, next.epoch]).toContain(epoch);
  for (const id of all) await network.waitStatus(id, (status) => status.epoch === next.epoch && status.galleryRows === rows && status.ready && status.live.length === all.length, 150_000);
  return next;
}

/** The same, but the write fails once and the process lives on: it gets there without being started anew. */
export async function failOnTheWay(network: ProcessNetwork, manifest: NetworkManifest, rows: number, { point, when, victim }: EpochCrash): Promise<NetworkManifest> {
  const next = { ...manifest, epoch: manifest.epoch + 1 };
  await network.kill(victim);
  await network.start(victim, `${point} ${when}, failing`);
  await network.waitReady([victim]);
  network.propose(next);
  for (const id of all) await network.waitStatus(id, (status) => status.epoch === next.epoch && status.galleryRows === rows && status.ready && status.live.length === all.length, 150_000);
  expect(network.output).toContain('test.write-failed');
  return next;
}

/** Waits until nothing is left of an epoch: no row, no record, no key share, no data key. */
export async function waitErased(network: ProcessNetwork, epoch: number): Promise<void> {
  for (const id of all) {
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
      network = await ProcessNetwork.create({ nodes: 5, threshold: 1 });
      manifest = network.manifest;
      for (const palm of palms) await network.request(1, 'registration.run', await enrolment(network.splitter, { 'right-palm': palm }, Date.now()), 30_000);
    }, 300_000);

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
