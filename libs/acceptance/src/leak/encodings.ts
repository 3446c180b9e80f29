import { encodeTemplate, type Template } from '@boop/biometric';

/** Coordinates or bytes in every form in which a program might keep, send, store or print them by accident. */
export interface Encoded {
  readonly form: string;
  readonly bytes: Buffer;
}

const p = 8191;
const codeCoordinates = 3072;
const planes = 3;

const residueOf = (value: number): number => ((value % p) + p) % p;
const balancedOf = (value: number): number => (residueOf(value) > p / 2 ? residueOf(value) - p : residueOf(value));

function words(values: readonly number[], write: 'writeInt16LE' | 'writeInt16BE' | 'writeUInt16LE' | 'writeUInt16BE'): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, at) => bytes[write](value, at * 2));
  return bytes;
}

/**
 * Elements of the field, shares and templates alike, as canonical residues and balanced ones: words of both byte orders, lists and
 * objects of numbers as JSON prints them.
 */
export function numberForms(values: ArrayLike<number>): Encoded[] {
  const residues = Array.from(values, residueOf);
  const balanced = Array.from(values, balancedOf);
  return [
    { form: 'residues-u16le', bytes: words(residues, 'writeUInt16LE') },
    { form: 'residues-u16be', bytes: words(residues, 'writeUInt16BE') },
    { form: 'balanced-i16le', bytes: words(balanced, 'writeInt16LE') },
    { form: 'balanced-i16be', bytes: words(balanced, 'writeInt16BE') },
    ...textForms('residues', residues),
    ...textForms('balanced', balanced),
  ];
}

const textForms = (name: string, list: readonly number[]): Encoded[] => [
  { form: `${name}-json-array`, bytes: Buffer.from(list.join(',')) },
  // JSON.stringify of a typed array.
  { form: `${name}-json-object`, bytes: Buffer.from(list.map((value, at) => `"${at}":${value}`).join(',')) },
  { form: `${name}-printed`, bytes: Buffer.from(list.join(', ')) },
];

/** All forms of a template's code; the mask is left out, since many palms share one. */
export function templateForms(template: Template): Encoded[] {
  const code = template.values.subarray(0, codeCoordinates);
  const bits = Array.from(code, (value) => (value < 0 ? 1 : 0));
  const planeWise = Array.from({ length: planes }, (_, plane) => bits.filter((_bit, at) => at % planes === plane)).flat();
  const container = encodeTemplate(template, { position: 'right-palm', quality: { score: 90, reasons: [] }, captureTimeMs: 0 });
  return [
    { form: 'int8', bytes: Buffer.from(code) },
    ...numberForms(code),
    { form: 'bits-msb-first', bytes: packed(bits, 'msb') },
    { form: 'bits-lsb-first', bytes: packed(bits, 'lsb') },
    { form: 'planes-msb-first', bytes: packed(planeWise, 'msb') },
    { form: 'planes-lsb-first', bytes: packed(planeWise, 'lsb') },
    // Header first; the cells follow in three bits each.
    { form: 'container', bytes: Buffer.from(container.subarray(container.length - 384)) },
  ];
}

function packed(bits: readonly number[], first: 'msb' | 'lsb'): Buffer {
  const bytes = Buffer.alloc(bits.length / 8);
  bits.forEach((bit, at) => (bytes[at >> 3]! |= bit << (first === 'msb' ? 7 - (at & 7) : at & 7)));
  return bytes;
}

/** What any binary form may be wrapped in before it is sent or stored. */
export const wrappings = {
  raw: (bytes) => bytes,
  hex: (bytes) => Buffer.from(bytes.toString('hex')),
  'hex-upper': (bytes) => Buffer.from(bytes.toString('hex').toUpperCase()),
  base64: (bytes) => Buffer.from(bytes.toString('base64')),
  base64url: (bytes) => Buffer.from(bytes.toString('base64url')),
} as const satisfies Record<string, (bytes: Buffer) => Buffer>;
export type Wrapping = keyof typeof wrappings;

/**
 * Forms of one window of bytes inside something longer that was wrapped as a whole: base64 of a part shows at three phases, of
 * which only whole groups are the same whatever surrounds them.
 */
export function wrapWindow(window: Buffer, wrapping: Wrapping): Buffer[] {
  const wrap: (bytes: Buffer) => Buffer = wrappings[wrapping];
  if (!wrapping.startsWith('base64')) return [wrap(window)];
  return [0, 1, 2].map((phase) => wrap(window.subarray(phase, phase + Math.floor((window.length - phase) / 3) * 3)));
}
