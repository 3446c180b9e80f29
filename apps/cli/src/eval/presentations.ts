import { type GreyImage } from '@boop/biometric';

/** One attempt to capture a palm, whatever comes of it. */
export interface Presentation {
  readonly palm: string;
  readonly name: string;
  readonly session: string;
  /** The image; a BoopError is a failure to acquire. */
  load(): Promise<GreyImage>;
}

export interface PresentationSet {
  readonly source: string;
  readonly presentations: readonly Presentation[];
  /** What lay beside the captures and was not taken for one. */
  readonly ignored: readonly string[];
}
