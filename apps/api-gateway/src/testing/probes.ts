import { type Position, syntheticPalm } from '@boop/biometric';
import { type SigningKey } from '@boop/identity';
import { systemRng } from '@boop/platform';
import { type NetworkManifest, type SealedSplit, sealSplit, type SplitHeader } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { encoder, networkId } from './fake-network.ts';

/** A sealed split of random bytes: the fake nodes open nothing. */
export function sealedProbe(manifest: NetworkManifest, sessionId: string, device: SigningKey, header: Partial<SplitHeader> = {}): Promise<SealedSplit> {
  const full: SplitHeader = { v: 1, networkId, epoch: 1, purpose: 'authentication', sessionId, encoder, splitAt: 'edge', items: [{ role: 'probe', valid: 900 }], ...header };
  return sealSplit(full, manifest.members.map(() => systemRng.bytes(64)), manifest.members, device);
}

/** 8-bit grey BMP, bottom-up, as palm databases have them. */
export function bmp({ width, height, pixels }: { width: number; height: number; pixels: Uint8Array }): Uint8Array {
  const stride = (width + 3) & ~3;
  const offset = 54 + 1024;
  const file = new Uint8Array(offset + stride * height);
  const view = new DataView(file.buffer);
  file.set([0x42, 0x4d]);
  view.setUint32(2, file.length, true);
  view.setUint32(10, offset, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  view.setInt32(22, height, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 8, true);
  view.setUint32(34, stride * height, true);
  view.setUint32(46, 256, true);
  for (let i = 0; i < 256; i++) file.set([i, i, i, 0], 54 + 4 * i);
  for (let y = 0; y < height; y++) file.set(pixels.subarray(y * width, (y + 1) * width), offset + (height - 1 - y) * stride);
  return file;
}

export const palmCapture = (identity: number, position: Position = 'right-palm'): string => toBase64Url(bmp(syntheticPalm({ identity, position, capture: 0 })));
export const blankCapture = (width = 128): string => toBase64Url(bmp({ width, height: 128, pixels: new Uint8Array(width * 128).fill(128) }));
