import { fuse, type Quality, score, type Template } from '@boop/biometric';
import { type Position, type RegistrationContext } from '@boop/identity';
import { type NetworkInfo, type SplitItemPurpose } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { CaptureQualityError, encodeCapture, wipeTemplates } from '../capture/encode-capture.ts';

/** Asks for one capture; `previous` is the quality of the try before, to tell the person what to change. */
export type CaptureRequest = (request: { position: Position; index: number; attempt: number; previous: Quality | undefined }) => Promise<Uint8Array>;
/** Three captures that exist, or a scanner that is asked for them. BMP or PNG of 128×128 regions of interest. */
export type CaptureSource = readonly Uint8Array[] | CaptureRequest;

export interface SampleReport {
  readonly position: Position;
  readonly index: number;
  readonly quality: Quality;
}

/** Tries at one sample before registration gives up. */
const attemptsMax = 5;

/**
 * Captures and encodes the samples of one position until each has enough quality.
 * @param report tells the network of each sample's quality; its answer decides
 * @throws CaptureQualityError naming the sample; what the source throws; BoopError `capture.*`, `registration.incomplete`
 */
export async function collectSamples(position: Position, source: CaptureSource, count: number, report: (sample: SampleReport) => Promise<boolean>): Promise<Template[]> {
  if (typeof source !== 'function' && source.length !== count) throw new BoopError('registration.incomplete', `${count} captures are needed for each position`);
  const samples: Template[] = [];
  try {
    for (let index = 0; index < count; index++) samples.push(await collectSample(position, index, source, report));
    return samples;
  } catch (error) {
    wipeTemplates(samples);
    throw error;
  }
}

async function collectSample(position: Position, index: number, source: CaptureSource, report: (sample: SampleReport) => Promise<boolean>): Promise<Template> {
  let previous: Quality | undefined;
  for (let attempt = 1; ; attempt++) {
    const capture = typeof source === 'function' ? await source({ position, index, attempt, previous }) : source[index]!;
    const { template, quality } = encodeCapture(capture);
    if (await report({ position, index, quality })) return template;
    wipeTemplates([template]);
    if (typeof source !== 'function' || attempt >= attemptsMax) throw new CaptureQualityError(quality, { position, index });
    previous = quality;
  }
}

export interface EnrolmentItem {
  readonly item: SplitItemPurpose;
  readonly template: Template;
}

/**
 * Fuses the samples of a position into its reference, after checking here what the nodes will check again over shares:
 * that all of them match each other at the registration's operating point.
 * @throws BoopError `registration.samples-disagree`, `template.*`
 */
export function enrolmentItems(position: Position, samples: readonly Template[], theta: number): EnrolmentItem[] {
  const reference = agreeing(samples, theta) ? fuse(samples) : undefined;
  if (!reference || !samples.every((sample) => score(sample, reference) >= theta)) throw new BoopError('registration.samples-disagree', 'the samples are not of the same palm', { retryAllowed: true });
  return [{ item: { role: 'reference', position }, template: reference }, ...samples.map((template, index): EnrolmentItem => ({ item: { role: 'sample', position, index }, template }))];
}

const agreeing = (samples: readonly Template[], theta: number): boolean => samples.every((a, i) => samples.slice(i + 1).every((b) => score(a, b) >= theta));

/** @throws BoopError `template.unknown-encoder` */
export function thetaOf(network: NetworkInfo, context: RegistrationContext): number {
  const point = network.operatingPoints.find(({ id, encoder }) => id === context.operatingPoint && encoder === network.encoder);
  if (!point) throw new BoopError('template.unknown-encoder', 'the registration asks for an operating point of another encoder');
  return point.theta;
}
