import { encodeTemplate, parseTemplate } from './container.ts';
import { type Position, encodePalm } from './encode-palm.ts';
import { type GreyImage } from './image/grey-image.ts';
import { type Encoder, PALM_ENCODER } from './palm-encoders.ts';

/**
 * A template container again from the region of interest that it was made from, by another encoder version: what an upgrade job does where captures were
 * kept by consent. Position and time of capture stay, quality is assessed anew. A container of that version already comes back as it is.
 * @throws BoopError as `parseTemplate`, `encodePalm` and `encodeTemplate`
 */
export function reencode(container: Uint8Array, roi: GreyImage, encoder: Encoder = PALM_ENCODER): { readonly container: Uint8Array; readonly position: Position; readonly changed: boolean } {
  const { template, header } = parseTemplate(container);
  const { position, captureTimeMs } = header;
  if (template.encoder === encoder) return { container, position, changed: false };
  const encoded = encodePalm(roi, encoder);
  return { container: encodeTemplate(encoded.template, { position, quality: encoded.quality, captureTimeMs }), position, changed: true };
}
