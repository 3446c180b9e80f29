import { type PackedIris, type PackedPalm, type Template, IRIS_ENCODER, PALM_ENCODER, comparePackedIrises, fuse, operatingPoints, packIris, packPalm, scorePacked, thresholdFor } from '@boop/biometric';
import { type CaptureSet, type EncoderUnderTest, type EvaluationReport, buildReport } from '@boop/evaluation';
import { BoopError } from '@boop/shared';
import { type Acquire, type Encode, encodeAll, encodeOwn, encodeOwnIris, encodePlain, handRegionOf, regionOf } from './encode.ts';
import { type PresentationSet } from './presentations.ts';

/** What can be measured beside the encoder in use. */
export const BASELINES = {
  'compcode': encodePlain(1),
  'compcode-half': encodePlain(2),
  'palm-compcode-0': encodeOwn('palm-compcode-0'),
} as const satisfies Record<string, Encode>;
export type Baseline = keyof typeof BASELINES;

/** What the captures show. */
export const CAPTURE_KINDS = ['palm-roi', 'hand', 'iris'] as const;
export type CaptureKind = (typeof CAPTURE_KINDS)[number];
const ACQUIRE: Readonly<Record<CaptureKind, Acquire>> = { 'palm-roi': regionOf, 'hand': handRegionOf, 'iris': (image) => image };

export interface EvalInput {
  readonly set: PresentationSet;
  readonly kind?: CaptureKind;
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
const mapTemplates = <T, U>({ captures, failures }: CaptureSet<T>, map: (template: T) => U): CaptureSet<U> => ({ captures: captures.map((capture) => ({ ...capture, template: map(capture.template) })), failures });

export async function runEval(input: EvalInput): Promise<EvaluationReport> {
  const { set, samples, seed, cohorts, replicates = replicatesFor(set.presentations.length) } = input;
  const common = { source: set.source, samples, seed, replicates, cohorts, ignored: set.ignored };
  if (input.kind === 'iris') return buildReport({ ...common, encoders: await irisEncoders(input), compare: (a, b) => comparePackedIrises(a, b).score });
  return buildReport({ ...common, encoders: await palmEncoders(input), compare: (a, b) => scorePacked(a.packed, b.packed) });
}

async function palmEncoders({ set, kind = 'palm-roi', baseline, onProgress }: EvalInput): Promise<EncoderUnderTest<Sample>[]> {
  const encoders: Encode[] = [encodeOwn(PALM_ENCODER), ...(baseline === undefined ? [] : [BASELINES[baseline]])];
  const [own, other] = (await encodeAll(set.presentations, ACQUIRE[kind], encoders, onProgress)).map((captures) => mapTemplates(captures, sampleOf));
  const underTest: EncoderUnderTest<Sample>[] = [{ name: PALM_ENCODER, set: own!, menu: operatingPoints, threshold: thresholdFor().theta, fuse: fuseSamples }];
  if (other !== undefined) underTest.push({ name: `baseline ${baseline}`, set: other, menu: [], ...(baseline === 'palm-compcode-0' ? { fuse: fuseSamples } : {}) });
  return underTest;
}

/** One encoder, without a menu or fusion of its own. @throws BoopError `eval.no-baseline` where one is asked for */
async function irisEncoders({ set, baseline, onProgress }: EvalInput): Promise<EncoderUnderTest<PackedIris>[]> {
  if (baseline !== undefined) throw new BoopError('eval.no-baseline', 'baselines are of palms');
  const [own] = await encodeAll(set.presentations, ACQUIRE.iris, [encodeOwnIris], onProgress);
  return [{ name: IRIS_ENCODER, set: mapTemplates(own!, packIris), menu: [] }];
}
