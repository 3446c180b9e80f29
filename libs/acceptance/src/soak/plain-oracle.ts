import { decodeImage, encodePalm, FALSE_MATCH_RATE_DEFAULT, fuse, score, type Template, thresholdFor } from '@boop/biometric';
import { type Palm, syntheticPalmOf } from '../palms.ts';

/** Of the default operating point of a new network, for galleries of up to 100 palms. */
const { theta } = thresholdFor(FALSE_MATCH_RATE_DEFAULT, 100);

/** One identity's captures, and its templates in the clear. */
export class PlainPalm {
  readonly palm: Palm;
  /** As the registration client makes it of the samples. */
  readonly reference: Template;
  readonly probes: readonly Template[];
  readonly #decided = new Map<string, boolean>();

  readonly identity: number;

  constructor(identity: number) {
    this.identity = identity;
    this.palm = syntheticPalmOf(identity);
    this.reference = fuse(this.palm.samples.map(templateOf));
    this.probes = this.palm.others.map(templateOf);
  }

  /** Whether this capture is a match with somebody's reference, decided in the clear. */
  matches(probe: number, other: PlainPalm): boolean {
    const key = `${probe}/${other.identity}`;
    const known = this.#decided.get(key) ?? score(this.probes[probe]!, other.reference) >= theta;
    this.#decided.set(key, known);
    return known;
  }
}

const templateOf = (capture: Uint8Array): Template => encodePalm(decodeImage(capture)).template;
