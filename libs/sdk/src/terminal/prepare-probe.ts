import { type SigningKey } from '@boop/identity';
import { type NetworkInfo, type SealedSplit } from '@boop/protocol';
import { type Rng } from '@boop/shared';
import { CaptureQualityError, encodeCapture, probeQualityMin, wipeTemplates } from '../capture/encode-capture.ts';
import { splitAndSeal } from '../capture/split-and-seal.ts';

/**
 * Capture → template → shares → envelopes; nothing that could be read remains here or leaves.
 * @throws CaptureQualityError, BoopError `capture.*`, `template.*`, `network.mismatch`
 */
export async function prepareProbe(input: { capture: Uint8Array; sessionId: string; network: NetworkInfo; device: SigningKey; qualityMin?: number | undefined }, rng: Rng): Promise<SealedSplit> {
  const { capture, sessionId, network, device, qualityMin = probeQualityMin } = input;
  const { template, quality } = encodeCapture(capture);
  try {
    if (quality.score < qualityMin) throw new CaptureQualityError(quality);
    return await splitAndSeal({ network, purpose: 'authentication', sessionId, items: [{ item: { role: 'probe' }, template }], device }, rng);
  } finally {
    wipeTemplates([template]);
  }
}
