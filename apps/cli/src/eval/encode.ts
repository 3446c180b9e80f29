import { type Encoder, type GreyImage, type Template, VALID_CELLS_MIN, encodePalm, validCells } from '@boop/biometric';
import { type AcquisitionFailure, type Capture, type CaptureSet, type PlainScale, plainCompCode } from '@boop/evaluation';
import { BoopError, isBoopError } from '@boop/shared';
import { type Presentation } from './presentations.ts';

export type Encode = (image: GreyImage) => Template;

/** The network's own encoder as an enrolment or a probe uses it: too little usable palm is a failure to acquire. */
export const encodeOwn = (encoder: Encoder): Encode => (image) => {
  const { template } = encodePalm(image, encoder);
  if (validCells(template) < VALID_CELLS_MIN) throw new BoopError('template.too-few-valid', 'too little of the palm is usable');
  return template;
};

/** Plain CompCode, as published or on an image of half the size. */
export const encodePlain = (scale: PlainScale): Encode => (image) => plainCompCode(image, scale);

/**
 * Loads each presentation once and encodes it with every encoder; one capture set per encoder, with what failed. Only one image
 * is held at a time. `onProgress` is called after each presentation.
 */
export async function encodeAll(presentations: readonly Presentation[], encoders: readonly Encode[], onProgress: (done: number) => void = () => undefined): Promise<CaptureSet<Template>[]> {
  const sets = encoders.map(() => ({ captures: [] as Capture<Template>[], failures: [] as AcquisitionFailure[] }));
  for (const [i, presentation] of presentations.entries()) {
    const { palm, name, session } = presentation;
    const image = await presentation.load().catch(reasonOf);
    encoders.forEach((encode, e) => {
      const template = typeof image === 'string' ? image : attempt(encode, image);
      if (typeof template === 'string') sets[e]!.failures.push({ palm, name, reason: template });
      else sets[e]!.captures.push({ palm, name, session, template });
    });
    onProgress(i + 1);
  }
  return sets;
}

function attempt(encode: Encode, image: GreyImage): Template | string {
  try {
    return encode(image);
  } catch (error) {
    return reasonOf(error);
  }
}

/** The code of a refusal; anything else is a fault of ours and goes on. */
function reasonOf(error: unknown): string {
  if (!isBoopError(error)) throw error;
  return error.code;
}
