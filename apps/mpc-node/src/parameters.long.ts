import { describe, expect, test } from '@jest/globals';
import { supportedParameters } from '@boop/protocol';
import { seededRng } from '@boop/testing';
import { authenticationContext, capture, enrolment, probe, randomPalm } from './testing/fixtures.ts';
import { MemoryNetwork } from './testing/memory-network.ts';

describe.each(supportedParameters)('%d nodes, threshold %d', (nodes, threshold) => {
  test('register, recognise, refuse, and verify where 3t+1 nodes are there', async () => {
    const rng = seededRng(100 * nodes + threshold);
    const network = await MemoryNetwork.create({ nodes, threshold }, rng);
    const [palm, stranger] = [randomPalm(rng), randomPalm(rng)];
    const verified = nodes >= 3 * threshold + 1;
    const register = async (renews?: string) => await network.node(1).registrations.run(await enrolment(network.splitter, { 'left-palm': capture(palm, rng) }, network.clock.nowMs(), undefined, undefined, renews));
    await expect(register()).resolves.toMatchObject({ verified });
    await expect(register()).rejects.toMatchObject({ code: 'registration.duplicate' });
    const [registered] = network.node(1).registrar.ofAccount(network.splitter.device.publicKey);
    await expect(register(registered!.splitHash)).resolves.toMatchObject({ verified });
    const authenticate = async (template: Int8Array, leader: number) =>
      await network.node(leader).authentications.run(await probe(network.splitter, authenticationContext(network.manifest, rng, network.clock.nowMs()), capture(template, rng)));
    await expect(authenticate(palm, nodes)).resolves.toMatchObject({ accepted: true, verified });
    await expect(authenticate(stranger, 2)).resolves.toMatchObject({ accepted: false });
    for (let down = nodes; down > 2 * threshold + 1; down--) network.kill(down);
    await expect(authenticate(palm, 1)).resolves.toMatchObject({ accepted: true, verified: false });
    network.kill(1);
    await expect(authenticate(palm, 2)).rejects.toMatchObject({ code: 'mpc.nodes-unavailable' });
  }, 120_000);
});
