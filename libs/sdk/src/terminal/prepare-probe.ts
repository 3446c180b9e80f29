import { type LivenessCheck } from '@boop/biometric';
import { type SigningKey } from '@boop/identity';
import { envelopeHashes, type NetworkInfo, type SealedSplit, signVerdict, splitHash } from '@boop/protocol';
import { BoopError, type Rng } from '@boop/shared';
import { CaptureQualityError, encodeCapture, probeQualityMin, wipeTemplates } from '../capture/encode-capture.ts';
import { splitAndSeal } from '../capture/split-and-seal.ts';

/** A liveness check that a terminal runs on every capture, and the checker's key that the network's manifest lists for it. */
export interface TerminalLiveness {
  readonly check: LivenessCheck;
  readonly key: SigningKey;
}

export interface ProbeInput {
  readonly capture: Uint8Array;
  readonly sessionId: string;
  readonly network: NetworkInfo;
  readonly device: SigningKey;
  readonly qualityMin?: number | undefined;
  readonly liveness?: TerminalLiveness | undefined;
}

/**
 * Capture → template → shares → envelopes; nothing that could be read remains here or leaves. With a liveness check, its verdict on this capture goes along.
 * @throws CaptureQualityError, BoopError `capture.*`, `template.*`, `network.mismatch`; `liveness.attack` when the check takes the capture for an attack
 */
export async function prepareProbe(input: ProbeInput, { rng, nowMs }: { rng: Rng; nowMs: number }): Promise<SealedSplit> {
  const { capture, sessionId, network, device, qualityMin = probeQualityMin, liveness } = input;
  const { template, quality, liveness: assessment } = encodeCapture(capture, liveness?.check);
  try {
    if (quality.score < qualityMin) throw new CaptureQualityError(quality);
    if (assessment?.outcome === 'attack') throw new BoopError('liveness.attack', 'the check took the capture for an attack', { retryAllowed: true });
    const split = await splitAndSeal({ network, purpose: 'authentication', sessionId, items: [{ item: { role: 'probe' }, template }], device }, rng);
    if (!liveness) return split;
    const named = { sessionId, splitHash: splitHash({ header: split.header, hashes: envelopeHashes(split) }) };
    return { ...split, liveness: signVerdict({ check: liveness.check.id, outcome: 'bona-fide', ...named, checkedAtMs: nowMs }, liveness.key) };
  } finally {
    wipeTemplates([template]);
  }
}
