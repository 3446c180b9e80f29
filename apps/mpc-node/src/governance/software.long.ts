import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SigningKey } from '@boop/identity';
import { systemRng as rng } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { isBoopError, toBase64Url } from '@boop/shared';
import { authenticationContext, capture, enrolment, probe, randomPalm } from '../testing/fixtures.ts';
import { ProcessNetwork } from '../testing/process-network.ts';

const all = [1, 2, 3, 4, 5];
const digest = (byte: number): string => toBase64Url(new Uint8Array(32).fill(byte));
const [older, newer, foreign] = [digest(1), digest(2), digest(3)];
const palm = randomPalm(rng);
let network: ProcessNetwork;
let manifest: NetworkManifest;

async function install(id: number, software: string): Promise<void> {
  const file = join(network.dir, `node-${id}.yaml`);
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), software }));
  await network.kill(id);
  await network.start(id);
}
const live = async (id: number, nodes: readonly number[]): Promise<void> => await network.waitStatus(id, (status) => status.live.join() === nodes.join() && status.ready);
async function change(software: string[], reachedBy: readonly number[]): Promise<void> {
  manifest = { ...manifest, epoch: manifest.epoch + 1, software };
  network.propose(manifest);
  for (const id of reachedBy) await network.waitStatus(id, ({ epoch }) => epoch === manifest.epoch, 120_000);
}
/** What is unavailable for the moment is asked for again, as terminals do. */
async function decide(leader: number) {
  for (let attempt = 1; ; attempt++) {
    const device = SigningKey.generate(rng);
    try {
      return await network.request(leader, 'authentication.run', await probe({ ...network.splitter, manifest, device }, authenticationContext(manifest, rng, Date.now(), { vendorId: `vendor-${leader}` }), capture(palm, rng)));
    } catch (error) {
      if (!isBoopError(error) || error.kind !== 'unavailable' || attempt === 30) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

beforeAll(async () => {
  network = await ProcessNetwork.create({ nodes: 5, threshold: 1 });
  manifest = network.manifest;
  await network.request(1, 'registration.run', await enrolment(network.splitter, { 'right-palm': palm }, Date.now()));
}, 180_000);
afterAll(async () => await network?.stop(), 30_000);

// The tests tell one story, in order.
describe('an upgrade of the software that a manifest lists', () => {
  test('begins with a list of the software that runs', async () => {
    for (const id of all) await install(id, older);
    await network.waitReady(all);
    await change([older, newer], all);
    for (const id of all) await live(id, all);
    expect(await decide(5)).toMatchObject({ accepted: true, verified: true });
  }, 300_000);

  test('does not start a node with other software, says why, and goes on without it', async () => {
    await install(5, foreign);
    await network.ended(5, 60_000);
    expect(network.output).toContain('node.software-not-listed');
    for (const id of all.slice(0, 4)) await live(id, all.slice(0, 4));
    expect(await decide(1)).toMatchObject({ accepted: true, verified: true });
  }, 120_000);

  test('takes nodes with the old and with the new one, one after the other', async () => {
    await install(5, newer);
    for (const id of all) await live(id, all);
    expect(await decide(5)).toMatchObject({ accepted: true, verified: true });
    for (const id of [1, 2, 3]) {
      await install(id, newer);
      await live(id, all);
    }
  }, 300_000);

  test('leaves a node behind that was forgotten, until it is upgraded', async () => {
    await change([newer], [1, 2, 3, 5]);
    for (const id of [1, 2, 3, 5]) await live(id, [1, 2, 3, 5]);
    expect(await decide(2)).toMatchObject({ accepted: true, verified: true });
    await install(4, newer);
    for (const id of all) await live(id, all);
    expect(await decide(4)).toMatchObject({ accepted: true, verified: true });
  }, 300_000);
});
