import { decodeImage, encodePalm, type LivenessAssessment, type LivenessCheck, type Quality, type Template } from '@boop/biometric';
import { type Position } from '@boop/identity';
import { BoopError } from '@boop/shared';

/** Probes need less than samples: a bad one costs a second try, a bad reference costs for years. */
export const probeQualityMin = 50;

/** `capture.low-quality` with the reasons that a person can act on (ISO/IEC 29794-1). */
export class CaptureQualityError extends BoopError {
  readonly quality: Quality;
  /** At registration, which sample. */
  readonly sample: { readonly position: Position; readonly index: number } | undefined;

  constructor(quality: Quality, sample?: { position: Position; index: number }) {
    super('capture.low-quality', `the capture has too little quality: ${quality.reasons.join(', ') || 'no single reason'}`, { retryAllowed: true });
    this.name = 'CaptureQualityError';
    this.quality = quality;
    this.sample = sample;
  }
}

/**
 * Decodes an image of a region of interest and encodes it. The decoded pixels are wiped; the caller wipes the template.
 * @param capture BMP or PNG of exactly 128×128 pixels
 * @param check looks at the same pixels
 * @throws BoopError `capture.unreadable`, `capture.unsupported-format`, `capture.too-large`, `capture.wrong-size`
 */
export function encodeCapture(capture: Uint8Array, check?: LivenessCheck): { template: Template; quality: Quality; liveness?: LivenessAssessment } {
  const image = decodeImage(capture);
  try {
    return { ...encodePalm(image), ...(check ? { liveness: check.assess(image) } : {}) };
  } finally {
    image.pixels.fill(0);
  }
}

/** Overwrites templates that are not needed any more. A runtime may hold copies that nobody can reach. */
export function wipeTemplates(templates: Iterable<Template>): void {
  for (const { values } of templates) values.fill(0);
}
