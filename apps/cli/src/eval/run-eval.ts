import { type Template, PALM_ENCODER, fuse, operatingPoints, score, thresholdFor } from '@boop/biometric';
import { type EncoderUnderTest, type EvaluationReport, type PlainScale, buildReport } from '@boop/evaluation';
import { type Encode, encodeAll, encodeOwn, encodePlain } from './encode.ts';
import { type PresentationSet } from './presentations.ts';

export const BASELINES = { 'compcode': 1, 'compcode-half': 2 } as const satisfies Record<string, PlainScale>;
export type Baseline = keyof typeof BASELINES;

export interface EvalInput {
  readonly set: PresentationSet;
  readonly samples: number;
  readonly baseline?: Baseline;
  readonly seed: number;
  readonly cohorts?: ReadonlyMap<string, string>;
  readonly onProgress?: (done: number) => void;
}

/** Resamplings for intervals; fewer for large sets, where intervals are narrow and each resampling takes long. */
const replicatesFor = (captures: number): number => (captures <= 500 ? 1000 : captures <= 1500 ? 300 : 100);

export async function runEval({ set, samples, baseline, seed, cohorts, onProgress }: EvalInput): Promise<EvaluationReport> {
  const encoders: Encode[] = [encodeOwn, ...(baseline === undefined ? [] : [encodePlain(BASELINES[baseline])])];
  const [own, plain] = await encodeAll(set.presentations, encoders, onProgress);
  const underTest: EncoderUnderTest<Template>[] = [{ name: PALM_ENCODER, set: own!, menu: operatingPoints, threshold: thresholdFor().theta, fuse }];
  if (plain !== undefined) underTest.push({ name: `baseline ${baseline}`, set: plain, menu: [] });
  return buildReport({ source: set.source, encoders: underTest, compare: score, samples, seed, replicates: replicatesFor(set.presentations.length), cohorts, ignored: set.ignored });
}
