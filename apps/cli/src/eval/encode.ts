import { type Encoder, type GreyImage, type IrisTemplate, type Template, VALID_CELLS_MIN, createIrisTemplate, encodeIris, encodePalm, locatePalm, resizeSquare, validCells } from '@boop/biometric';
import { type AcquisitionFailure, type Capture, type CaptureSet, type PlainScale, plainCompCode } from '@boop/evaluation';
import { BoopError, isBoopError } from '@boop/shared';
import { type Presentation } from './presentations.ts';

export type Encode<T = Template> = (image: GreyImage) => T;

/** The network's own encoder as an enrolment or a probe uses it: too little usable palm is a failure to acquire. */
export const encodeOwn = (encoder: Encoder): Encode => (image) => {
  const { template } = encodePalm(image, encoder);
  if (validCells(template) < VALID_CELLS_MIN) throw new BoopError('template.too-few-valid', 'too little of the palm is usable');
  return template;
};

/** Plain CompCode, as published or on an image of half the size. */
export const encodePlain = (scale: PlainScale): Encode => (image) => plainCompCode(image, scale);

/** What an image of a capture shows, as a region of interest of the encoders. */
export type Acquire = (image: GreyImage) => GreyImage;

/** A square that is the region of interest already. */
export const regionOf: Acquire = resizeSquare;

/** A whole hand; the reasons why none is found are the codes of the failures. */
export const handRegionOf: Acquire = (image) => {
  const { roi, reasons } = locatePalm(image);
  if (roi === undefined) throw new BoopError(`capture.${reasons[0] ?? 'no-hand'}`, 'no palm was found');
  return roi;
};

/** The iris encoder as an enrolment or a probe uses it. */
export const encodeOwnIris: Encode<IrisTemplate> = (image) => {
  const { template } = encodeIris(image);
  return createIrisTemplate(template.encoder, template.values);
};

/**
 * Loads each presentation once and encodes it with every encoder; one capture set per encoder, with what failed. Only one image
 * is held at a time. `onProgress` is called after each presentation.
 */
export async function encodeAll<T extends object>(presentations: readonly Presentation[], acquire: Acquire, encoders: readonly Encode<T>[], onProgress: (done: number) => void = () => undefined): Promise<CaptureSet<T>[]> {
  const sets = encoders.map(() => ({ captures: [] as Capture<T>[], failures: [] as AcquisitionFailure[] }));
  for (const [i, presentation] of presentations.entries()) {
    const { palm, name, session } = presentation;
    const image = await presentation.load().then(acquire).catch(reasonOf);
    encoders.forEach((encode, e) => {
      const template = typeof image === 'string' ? image : attempt(encode, image);
      if (typeof template === 'string') sets[e]!.failures.push({ palm, name, reason: template });
      else sets[e]!.captures.push({ palm, name, session, template });
    });
    onProgress(i + 1);
  }
  return sets;
}

function attempt<T>(encode: Encode<T>, image: GreyImage): T | string {
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
