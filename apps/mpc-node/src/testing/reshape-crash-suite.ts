import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { SigningKey } from '@boop/identity';
import { systemRng as rng } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { crashOnTheWay, type EpochCrash, waitErased, waitReached } from './epoch-crash-suite.ts';
import { authenticationContext, capture, enrolment, probe, randomPalm } from './fixtures.ts';
import { insist } from './insist.ts';
import { ProcessNetwork } from './process-network.ts';

/** What the network becomes: all seven places taken, or the first five; or another machine takes the victim's place. */
export interface ReshapeCrash extends EpochCrash {
  readonly change: 'grow' | 'shrink' | 'replace';
}

const [few, places] = [5, 7];

/** One network that goes from (5,1) to (7,2) and back, or has a custodian replaced, while a node dies each time; afterwards the same people are recognised. */
export function reshapeCrashSuite(name: string, crashes: readonly ReshapeCrash[]): void {
  describe(name, () => {
    const palm = randomPalm(rng);
    const stranger = randomPalm(rng);
    let network: ProcessNetwork;
    let manifest: NetworkManifest;
    let vendors = 0;

    const authenticate = async (leader: number, template: Int8Array) =>
      await insist(async () => {
        const context = authenticationContext(manifest, rng, Date.now(), { vendorId: `vendor-${(vendors += 1)}` });
        return await network.request(leader, 'authentication.run', await probe({ ...network.splitter, manifest, device: SigningKey.generate(rng) }, context, capture(template, rng)), 30_000);
      });
    const shaped = (count: number): NetworkManifest => {
      const epoch = manifest.epoch + 1;
      const larger = network.everyPlace(epoch);
      // Machines that took a place keep it.
      const members = larger.members.map((member, at) => manifest.members[at] ?? member).slice(0, count);
      return { ...(count === places ? larger : network.manifest), epoch, members };
    };
    /** So that a test can run alone, or after one that failed. */
    const bringTo = async (count: number): Promise<void> => {
      manifest = (await insist(async () => await network.request(1, 'epoch.current', {}), 120)).manifest;
      await waitReached(network, manifest, 1);
      if (manifest.members.length === count) return;
      manifest = shaped(count);
      network.propose(manifest);
      for (const { party } of manifest.members) if (!network.isRunning(party)) await network.start(party);
      await waitReached(network, manifest, 1);
    };

    beforeAll(async () => {
      network = await ProcessNetwork.create({ nodes: few, threshold: 1, places, drainSeconds: 1 });
      manifest = network.manifest;
      await insist(async () => await network.request(1, 'registration.run', await enrolment(network.splitter, { 'right-palm': palm }, Date.now()), 30_000));
    }, 600_000);

    afterEach(async () => await network?.recover(), 60_000);

    afterAll(async () => await network?.stop(), 60_000);

    test.each(crashes)('$change: $victim is killed $when $point', async ({ change, ...crash }) => {
      const { victim } = crash;
      await bringTo(change === 'shrink' ? places : few);
      const before = manifest;
      if (change === 'replace') {
        const keys = await network.loseDisk(victim);
        const next = { ...manifest, epoch: manifest.epoch + 1, members: manifest.members.map((member) => (member.party === victim ? { ...member, ...keys } : member)) };
        manifest = await crashOnTheWay(network, manifest, 1, crash, next, true);
      } else {
        manifest = await crashOnTheWay(network, manifest, 1, crash, shaped(change === 'grow' ? places : few));
      }
      const leader = victim <= manifest.members.length ? victim : 1;
      await expect(authenticate(leader, palm)).resolves.toMatchObject({ accepted: true, verified: true });
      await expect(authenticate(leader, stranger)).resolves.toMatchObject({ accepted: false });
      // Whoever leaves keeps nothing, not even of what it was never dealt to the end.
      const leaving = before.members.map(({ party }) => party).filter((party) => party > manifest.members.length);
      await waitErased(network, before.epoch, manifest.members.map(({ party }) => party));
      await waitErased(network, manifest.epoch, leaving);
    }, 900_000);
  });
}
