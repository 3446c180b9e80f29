import { type Position, type SigningKey } from '@boop/identity';
import { type GreyImage, encodePalm } from '@boop/biometric';
import { type DecodeLimits, decodeCapture as decodeBounded } from '@boop/encoders';
import { countValid, palmStatistic, splitTemplate } from '@boop/mpc';
import { type NetworkManifest, type SealedSplit, sealSplit } from '@boop/protocol';
import { BoopError, fromBase64Url, type Rng } from '@boop/shared';
import { probeQualityMin } from '../domain/pvs-configuration.ts';

export interface CaptureInput {
  /** JPEG, PNG, WebP, TIFF or BMP of a region of interest, base64url. */
  readonly capture: string;
  readonly position?: Position | undefined;
  readonly sessionId: string;
  readonly manifest: NetworkManifest;
  readonly encoder: string;
  readonly device: SigningKey;
  readonly rng: Rng;
}

/** A region of interest needs no more; whoever sends a bomb pays for its upload only. */
const CAPTURE_LIMITS: DecodeLimits = { bytesMax: 1 << 20, pixelsMax: 1 << 20, sideMax: 1_024, timeoutSeconds: 5 };
const decodeImage = (bytes: Uint8Array): Promise<GreyImage> | GreyImage => decodeBounded(bytes, CAPTURE_LIMITS);

const tools = { decodeImage, encodePalm, splitTemplate };

/**
 * Splits a capture for a device that can't. The gateway sees the template for the moment of this call; every buffer that
 * held a part of it is wiped before it returns or throws, and the split says `splitAt: gateway`.
 * @throws BoopError `capture.*`, `template.too-few-valid`
 */
export async function splitCapture(input: CaptureInput, { decodeImage, encodePalm, splitTemplate } = tools): Promise<SealedSplit> {
  const { position, sessionId, manifest, encoder, device, rng } = input;
  const wipe: { fill(value: number): unknown }[] = [];
  const held = <Buffer extends { fill(value: number): unknown }>(buffer: Buffer): Buffer => {
    wipe.push(buffer);
    return buffer;
  };
  try {
    const image = await decodeImage(held(decodeCapture(input.capture)));
    held(image.pixels);
    const { template, quality } = encodePalm(image);
    held(template.values);
    if (quality.score < probeQualityMin) throw new BoopError('capture.low-quality', `the capture has too little quality: ${quality.reasons.join(', ') || 'unclear'}`, { retryAllowed: true });
    if (template.encoder !== encoder) throw new BoopError('template.unknown-encoder', 'this gateway does not have the encoder of the operating point');
    const valid = countValid(palmStatistic, template.values);
    const shares = splitTemplate(template.values, palmStatistic, { nodes: manifest.members.length, threshold: manifest.threshold }, rng);
    shares.forEach(held);
    return await sealSplit(
      {
        v: 1,
        networkId: manifest.networkId,
        epoch: manifest.epoch,
        purpose: 'authentication',
        sessionId,
        encoder,
        splitAt: 'gateway',
        items: [{ role: 'probe', valid, ...(position === undefined ? {} : { position }) }],
      },
      shares,
      manifest.members,
      device,
    );
  } finally {
    for (const buffer of wipe) buffer.fill(0);
  }
}

function decodeCapture(text: string): Uint8Array {
  try {
    return fromBase64Url(text);
  } catch {
    throw new BoopError('capture.unreadable', 'the capture is not base64url', { retryAllowed: true });
  }
}
