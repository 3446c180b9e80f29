import { expect, test } from '@jest/globals';
import { decodeImage, encodePalm } from '@boop/biometric';
import { SigningKey } from '@boop/identity';
import { splitTemplate } from '@boop/mpc';
import { systemRng } from '@boop/platform';
import { deriveHpkeKeyPair, type NetworkManifest } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { encoder, networkId } from '../testing/fake-network.ts';
import { blankCapture, palmCapture } from '../testing/probes.ts';
import { splitCapture } from './split-capture.ts';

/** The real steps, with a grip on every buffer that held a part of the capture. */
function watched(fail = false) {
  const held: { readonly [Symbol.iterator]: () => Iterator<number>; length: number }[] = [];
  const tools: NonNullable<Parameters<typeof splitCapture>[1]> = {
    decodeImage: (bytes) => {
      const image = decodeImage(bytes);
      held.push(bytes, image.pixels);
      return image;
    },
    encodePalm: (image) => {
      const encoded = encodePalm(image);
      held.push(encoded.template.values);
      return encoded;
    },
    splitTemplate: (...args) => {
      if (fail) throw new Error('out of memory');
      const shares = splitTemplate(...args);
      held.push(...shares);
      return shares;
    },
  };
  return { held, tools };
}

async function input(capture: string) {
  const members = await Promise.all([1, 2, 3].map(async (party) => ({ party, hpkeKey: (await deriveHpkeKeyPair(systemRng.bytes(32))).publicKey })));
  const manifest = { networkId, epoch: 1, threshold: 1, members } as unknown as NetworkManifest;
  return { capture, sessionId: toBase64Url(new Uint8Array(32)), manifest, encoder, device: SigningKey.generate(systemRng), rng: systemRng };
}

test.each<[string, string, boolean, number]>([
  ['a good capture', palmCapture(3), false, 6],
  ['a capture that is refused', blankCapture(), false, 3],
  ['a step that fails', palmCapture(3), true, 3],
])('nothing of %s is left', async (_, capture, fail, buffers) => {
  const { held, tools } = watched(fail);
  await splitCapture(await input(capture), tools).catch(() => undefined);
  expect(held).toHaveLength(buffers);
  for (const buffer of held) expect([...buffer].every((value) => value === 0)).toBe(true);
});
