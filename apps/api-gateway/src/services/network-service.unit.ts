import { expect, test } from '@jest/globals';
import { type NetworkManifest } from '@boop/protocol';
import { silentLogger } from '@boop/platform';
import { NetworkService } from './network-service.ts';

test('what an answer is judged by stays, when another manifest comes into force while the nodes decide', () => {
  let epoch = 1;
  // As the view of a ManifestFollower reads.
  const manifest = Object.defineProperty({}, 'epoch', { enumerable: true, get: () => epoch }) as NetworkManifest;
  const network = new NetworkService({ manifest, at: (of) => ({ epoch: of }) as NetworkManifest, issuer: '', urls: {} as never, keys: {} as never, statuses: () => [], log: silentLogger });
  const asked = network.manifestOf(1);
  epoch = 2;
  expect([asked.epoch, network.manifestOf(1).epoch, network.manifestOf(2).epoch, network.manifestOf(7).epoch]).toEqual([1, 1, 2, 2]);
});
