import { SigningKey } from '@boop/identity';
import { type RegistrationClient, systemRng } from '@boop/sdk';
import { BoopError, isBoopError } from '@boop/shared';
import { type Capture, type Enrolment } from './plan.ts';
import { type Story } from './story.ts';

type Outcome = 'registered' | 'duplicate';

/** One person at the kiosk: agrees, gives three captures. Anything but success or "registered already" stops the demo. */
async function register(client: RegistrationClient, { palm }: Enrolment, captures: readonly Capture[], signal: AbortSignal): Promise<Outcome> {
  const images = await Promise.all(captures.map((capture) => capture.load()));
  try {
    await client.register({ accountKey: SigningKey.generate(systemRng), positions: { [palm.position]: images }, onConsent: () => Promise.resolve(true), signal });
    return 'registered';
  } catch (error) {
    if (isBoopError(error) && error.code === 'registration.duplicate') return 'duplicate';
    if (isBoopError(error) && error.code === 'mpc.nodes-unavailable')
      throw new BoopError('demo.nodes-missing', 'registration needs all nodes, and some are down: start them, or only recognise with --no-registration', { kind: 'unavailable', cause: error });
    throw error;
  }
}

/** @returns how many palms the network did not know before */
export async function registerAll(client: RegistrationClient, enrolments: readonly Enrolment[], story: Story, signal: AbortSignal): Promise<number> {
  let registered = 0;
  for (const [index, enrolment] of enrolments.entries()) {
    story.progress(index, enrolments.length, `palm ${enrolment.palm.name}`);
    if ((await register(client, enrolment, enrolment.samples, signal)) === 'registered') registered += 1;
  }
  if (registered > 0) story.line(`  ${story.good(`${registered} registered`)}${story.quiet(' (consent, three captures each, fused, split, sealed, de-duplicated, stored as shares)')}`);
  const known = enrolments.length - registered;
  if (known > 0) story.line(`  ${known} known from an earlier run: the network remembers them. For a clean start: npm start -- --fresh`);
  return registered;
}

/** @returns how many tries to register a registered palm again were refused */
export async function registerAgain(client: RegistrationClient, enrolments: readonly Enrolment[], story: Story, signal: AbortSignal): Promise<number> {
  let refused = 0;
  for (const [index, enrolment] of enrolments.entries()) {
    story.progress(index, enrolments.length, `palm ${enrolment.palm.name} as somebody else`);
    if ((await register(client, enrolment, enrolment.again, signal)) === 'duplicate') refused += 1;
    else story.line(`  ${story.bad(`${enrolment.palm.name} could be registered twice`)}`);
  }
  story.line(`  ${refused === enrolments.length ? story.good(`${refused} of ${enrolments.length} refused`) : story.bad(`${refused} of ${enrolments.length} refused`)}`);
  return refused;
}
