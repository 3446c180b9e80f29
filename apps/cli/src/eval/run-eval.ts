import { type PackedPalm, type Template, PALM_ENCODER, fuse, operatingPoints, packPalm, scorePacked, thresholdFor } from '@boop/biometric';
import { type CaptureSet, type EncoderUnderTest, type EvaluationReport, buildReport } from '@boop/evaluation';
import { type Encode, encodeAll, encodeOwn, encodePlain } from './encode.ts';
import { type PresentationSet } from './presentations.ts';

/** What can be measured beside the encoder in use. */
export const BASELINES = {
  'compcode': encodePlain(1),
  'compcode-half': encodePlain(2),
  'palm-compcode-0': encodeOwn('palm-compcode-0'),
} as const satisfies Record<string, Encode>;
export type Baseline = keyof typeof BASELINES;

export interface EvalInput {
  readonly set: PresentationSet;
  readonly samples: number;
  readonly baseline?: Baseline;
  readonly seed: number;
  readonly cohorts?: ReadonlyMap<string, string>;
  readonly onProgress?: (done: number) => void;
  /** Resamplings for intervals; by the size of the set where not given. */
  readonly replicates?: number;
}

/** Resamplings for intervals; fewer for large sets, where intervals are narrow and each resampling takes long. */
const replicatesFor = (captures: number): number => (captures <= 500 ? 1000 : captures <= 1500 ? 300 : 100);

/** Templates are packed once and then compared thousands of times. */
interface Sample {
  readonly template: Template;
  readonly packed: PackedPalm;
}

const sampleOf = (template: Template): Sample => ({ template, packed: packPalm(template) });
const fuseSamples = (samples: readonly Sample[]): Sample => sampleOf(fuse(samples.map(({ template }) => template)));
const packed = ({ captures, failures }: CaptureSet<Template>): CaptureSet<Sample> => ({ captures: captures.map((capture) => ({ ...capture, template: sampleOf(capture.template) })), failures });

export async function runEval({ set, samples, baseline, seed, cohorts, onProgress, replicates = replicatesFor(set.presentations.length) }: EvalInput): Promise<EvaluationReport> {
  const encoders: Encode[] = [encodeOwn(PALM_ENCODER), ...(baseline === undefined ? [] : [BASELINES[baseline]])];
  const [own, other] = (await encodeAll(set.presentations, encoders, onProgress)).map(packed);
  const underTest: EncoderUnderTest<Sample>[] = [{ name: PALM_ENCODER, set: own!, menu: operatingPoints, threshold: thresholdFor().theta, fuse: fuseSamples }];
  if (other !== undefined) underTest.push({ name: `baseline ${baseline}`, set: other, menu: [], ...(baseline === 'palm-compcode-0' ? { fuse: fuseSamples } : {}) });
  return buildReport({ source: set.source, encoders: underTest, compare: (a, b) => scorePacked(a.packed, b.packed), samples, seed, replicates, cohorts, ignored: set.ignored });
}
