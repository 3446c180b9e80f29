import { type Encoded, type Wrapping, wrappings, wrapWindow } from './encodings.ts';

// Looking a global up for every byte costs more than the rest in Jest's sandbox.
const { imul } = Math;

interface Needle {
  readonly what: string;
  readonly bytes: Buffer;
}

export interface Finding {
  /** `name form/wrapping` of what was found. */
  readonly what: string;
  readonly offset: number;
}

/** Every needle is longer; the hash runs over so many bytes. */
const hashBytes = 24;
const multiplier = 0x01000193;
const filterBits = 24;
const findingsMax = 1_000;
/** About two coordinates or more; printed ones take more bytes. */
const groupBytes = (form: string): number => (isText(form) ? 12 : 6);
/** A window with fewer different groups of neighbouring bytes (a blank area) may stand anywhere by chance. */
const groupsMin = 12;

const slotOf = (hash: number): number => imul(hash, 0x9e3779b1) >>> (32 - filterBits);

/**
 * Finds any of very many byte strings at any offset in one pass (Karp and Rabin 1987): a rolling hash, a bitmap of the hashes that matter,
 * and a comparison of all bytes where it hits. A leak is seen when it holds one whole window: 64 coordinates in a row always do, in a form of one or
 * two bytes a coordinate.
 */
export class NeedleIndex {
  readonly #filter = new Uint8Array(1 << (filterBits - 3));
  readonly #needles = new Map<number, Needle[]>();
  #outgoing = 1;

  constructor() {
    for (let i = 0; i < hashBytes - 1; i++) this.#outgoing = imul(this.#outgoing, multiplier);
  }

  /**
   * Adds the windows of one secret in all of its forms and wrappings.
   * @param every take only one in so many windows
   */
  add(name: string, forms: readonly Encoded[], every = 1): this {
    for (const { form, bytes } of forms) {
      const { length, stride } = windowsOf(form);
      for (let at = 0; at + length <= bytes.length; at += stride * every) {
        const window = bytes.subarray(at, at + length);
        if (!isDistinctive(window, groupBytes(form))) continue;
        for (const wrapping of Object.keys(wrappings) as Wrapping[]) for (const needle of wrapWindow(window, wrapping)) this.#addNeedle({ what: `${name} ${form}/${wrapping}`, bytes: needle });
      }
    }
    return this;
  }

  get size(): number {
    return [...this.#needles.values()].reduce((sum, needles) => sum + needles.length, 0);
  }

  /** @returns what is in there, the first thousand of it */
  search(haystack: Uint8Array): Finding[] {
    const found: Finding[] = [];
    const filter = this.#filter;
    const outgoing = this.#outgoing;
    let hash = 0;
    for (let end = 0; end < haystack.length; end++) {
      if (end >= hashBytes) hash = (hash - imul(haystack[end - hashBytes]!, outgoing)) | 0;
      hash = (imul(hash, multiplier) + haystack[end]!) | 0;
      const slot = slotOf(hash);
      if ((filter[slot >>> 3]! & (1 << (slot & 7))) === 0 || end < hashBytes - 1) continue;
      this.#compare(haystack, hash, end - hashBytes + 1, found);
      if (found.length >= findingsMax) break;
    }
    return found;
  }

  #compare(haystack: Uint8Array, hash: number, offset: number, found: Finding[]): void {
    for (const { what, bytes } of this.#needles.get(hash) ?? []) {
      const candidate = haystack.subarray(offset, offset + bytes.length);
      if (bytes.equals(candidate)) found.push({ what, offset });
    }
  }

  #addNeedle(needle: Needle): void {
    let hash = 0;
    for (let i = 0; i < hashBytes; i++) hash = (imul(hash, multiplier) + needle.bytes[i]!) | 0;
    const slot = slotOf(hash);
    this.#filter[slot >>> 3]! |= 1 << (slot & 7);
    const known = this.#needles.get(hash);
    if (known) known.push(needle);
    else this.#needles.set(hash, [needle]);
  }
}

/** In bytes; length + stride - 1 is the shortest run that is sure to be seen. */
function windowsOf(form: string): { length: number; stride: number } {
  if (form === 'int8') return { length: 48, stride: 16 };
  if (/16[lb]e$/.test(form)) return { length: 96, stride: 32 };
  return isText(form) ? { length: 384, stride: 384 } : { length: 48, stride: 48 };
}

const isText = (form: string): boolean => /json|printed/.test(form);

function isDistinctive(window: Buffer, size: number): boolean {
  const groups = new Set<string>();
  for (let i = 0; i + size <= window.length; i++) groups.add(window.toString('latin1', i, i + size));
  return groups.size >= groupsMin;
}
