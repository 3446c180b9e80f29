import { BoopError, concatBytes, fromUtf8, utf8 } from '@boop/shared';
import { CELLS, INVALID } from './compcode/format.ts';
import { type Position } from './encode-palm.ts';
import { type Quality, qualityReasons } from './quality.ts';
import { isEncoder } from './palm-encoders.ts';
import { type Template, createTemplate, fromOrientations, toOrientations } from './template.ts';

/**
 * Container of one template, after ISO/IEC 19785 (CBEFF): what it is, of which instance, how good, when captured.
 *
 *     "BTC" version(1)=1  encoderBytes(1) encoder  position(1) score(1) reasons(1)  captureTimeMs(8)  body(384)
 *
 * big-endian. `position` is the biometric subtype of ISO/IEC 7816-11 (1 right, 2 left); `reasons` has bit i for
 * `qualityReasons[i]`. The body of all `palm-compcode` versions is one symbol of 3 bits per cell, first cell in the highest bits:
 * 0…5 the orientation, 6 no valid code; 7 is impossible. Each content has exactly one encoding, each encoding one content.
 */
export interface TemplateHeader {
  readonly position: Position;
  readonly quality: Quality;
  /** Milliseconds since the Unix epoch, a non-negative safe integer. */
  readonly captureTimeMs: number;
}

const MAGIC = [0x42, 0x54, 0x43];
const VERSION = 1;
const SUBTYPES: readonly Position[] = ['right-palm', 'left-palm'];
const FIXED_BYTES = 11;
const SYMBOL_BITS = 3;
const BODY_BYTES = (CELLS * SYMBOL_BITS) / 8;

/** Canonical bytes of a template and its header; throws as {@link createTemplate}, and `template.malformed` for a bad header. */
export function encodeTemplate(template: Template, header: TemplateHeader): Uint8Array {
  const checked = createTemplate(template.encoder, template.values);
  const encoder = utf8(checked.encoder);
  const fixed = new Uint8Array(FIXED_BYTES);
  const view = new DataView(fixed.buffer);
  checkHeader(header);
  view.setUint8(0, SUBTYPES.indexOf(header.position) + 1);
  view.setUint8(1, header.quality.score);
  view.setUint8(2, header.quality.reasons.reduce((bits, reason) => bits | (1 << qualityReasons.indexOf(reason)), 0));
  view.setBigUint64(3, BigInt(header.captureTimeMs));
  return concatBytes(Uint8Array.of(...MAGIC, VERSION, encoder.length), encoder, fixed, pack(toOrientations(checked)));
}

/**
 * Strict inverse of {@link encodeTemplate}.
 * @throws BoopError `template.malformed`, `template.unknown-encoder`, `template.impossible-values`, `template.too-few-valid`
 */
export function parseTemplate(bytes: Uint8Array): { readonly template: Template; readonly header: TemplateHeader } {
  if (bytes.length < 5 || MAGIC.some((byte, i) => bytes[i] !== byte) || bytes[3] !== VERSION) throw malformed();
  const fixedAt = 5 + bytes[4]!;
  if (bytes.length < fixedAt + FIXED_BYTES) throw malformed();
  const encoder = encoderName(bytes.subarray(5, fixedAt));
  if (!isEncoder(encoder)) {
    throw new BoopError('template.unknown-encoder', 'the template is of an encoder version that is not known here');
  }
  if (bytes.length !== fixedAt + FIXED_BYTES + BODY_BYTES) throw malformed();
  const view = new DataView(bytes.buffer, bytes.byteOffset + fixedAt, FIXED_BYTES);
  const position = SUBTYPES[view.getUint8(0) - 1];
  const reasonBits = view.getUint8(2);
  const captureTimeMs = Number(view.getBigUint64(3));
  if (position === undefined || reasonBits >> qualityReasons.length !== 0) throw malformed();
  const header = { position, quality: { score: view.getUint8(1), reasons: qualityReasons.filter((_, i) => (reasonBits >> i) & 1) }, captureTimeMs };
  checkHeader(header);
  return { template: fromOrientations(unpack(bytes.subarray(fixedAt + FIXED_BYTES)), encoder), header };
}

function encoderName(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    throw malformed();
  }
}

function checkHeader({ position, quality, captureTimeMs }: TemplateHeader): void {
  const { score, reasons } = quality;
  const inOrder = qualityReasons.filter((reason) => reasons.includes(reason));
  const valid =
    SUBTYPES.includes(position) &&
    Number.isInteger(score) && score >= 0 && score <= 100 &&
    inOrder.length === reasons.length && inOrder.every((reason, i) => reason === reasons[i]) &&
    Number.isSafeInteger(captureTimeMs) && captureTimeMs >= 0;
  if (!valid) throw malformed();
}

function pack(symbols: Uint8Array): Uint8Array {
  const out = new Uint8Array(BODY_BYTES);
  symbols.forEach((symbol, cell) => {
    for (let bit = 0; bit < SYMBOL_BITS; bit++) {
      const at = cell * SYMBOL_BITS + bit;
      out[at >> 3] = out[at >> 3]! | (((symbol >> (SYMBOL_BITS - 1 - bit)) & 1) << (7 - (at & 7)));
    }
  });
  return out;
}

function unpack(body: Uint8Array): Uint8Array {
  const symbols = Uint8Array.from({ length: CELLS }, (_, cell) => {
    let symbol = 0;
    for (let at = cell * SYMBOL_BITS; at < (cell + 1) * SYMBOL_BITS; at++) symbol = (symbol << 1) | ((body[at >> 3]! >> (7 - (at & 7))) & 1);
    return symbol;
  });
  if (symbols.some((symbol) => symbol > INVALID)) throw new BoopError('template.impossible-values', 'the values are no code of this encoder');
  return symbols;
}

const malformed = (): BoopError => new BoopError('template.malformed', 'the bytes are no template container of a known version');
