import { type Position, type SignedConsent } from '@boop/identity';
import { type RegistrationClientMessage, type RegistrationReceipt, type RegistrationServerMessage, registrationServerMessage, type SealedSplit } from '@boop/protocol';
import { ChannelClient } from '../channel/channel-client.ts';
import { channelUrl } from '../channel/connection.ts';
import { serverFault } from '../errors.ts';
import { type SdkPorts } from '../ports.ts';
import { type SampleReport } from './samples.ts';

export type Welcome = Pick<Extract<RegistrationServerMessage, { type: 'registration_hello_response' }>, 'context' | 'secret' | 'consentText' | 'network' | 'sampleQualityMin'>;
export type Step = Extract<RegistrationServerMessage, { type: 'registration_progress' }>['step'];

export interface RegistrationSession {
  /** Context, consent text and network of the session. @throws BoopError `connection.lost`, `wait.timeout` */
  start(): Promise<Welcome>;
  giveConsent(consent: SignedConsent): Promise<void>;
  /** @returns whether the sample has enough quality, and how many are missing */
  report(sample: SampleReport): Promise<{ accepted: boolean; remaining: number }>;
  /** @throws BoopError with the network's code: `registration.duplicate`, `registration.samples-disagree`, … */
  complete(split: SealedSplit): Promise<RegistrationReceipt>;
  /** Ends the session at the server, as far as it can still be reached. */
  cancel(): void;
  close(): void;
}

/** What resumes a session, or opens that of a link. */
export interface SessionSecret {
  readonly registrationId: string;
  readonly secret: string;
}

const answerTimeoutMs = 15_000;
/** Agreement, de-duplication by every committee and storage at all nodes. */
const completeTimeoutMs = 60_000;

/** One registration over `/ws/registration`; survives lost connections by the session's secret. */
export function openRegistrationSession(bridgeUrl: string, wanted: { positions: readonly Position[]; locale?: string | undefined; invitation?: SessionSecret | undefined; onStep: (step: Step) => void; signal?: AbortSignal | undefined }, ports: SdkPorts): RegistrationSession {
  let session: SessionSecret | undefined = wanted.invitation;
  const { signal } = wanted;

  const channel = new ChannelClient<RegistrationClientMessage, RegistrationServerMessage>(
    {
      url: channelUrl(bridgeUrl, 'registration'),
      schema: registrationServerMessage,
      hello: (resume) => ({
        type: 'registration_hello',
        ...(session ? { session } : { positions: [...wanted.positions], ...(wanted.locale === undefined ? {} : { locale: wanted.locale }) }),
        ...(resume ? { resume } : {}),
      }),
      welcomeType: 'registration_hello_response',
      onWelcome: (welcome) => {
        if (welcome.type === 'registration_hello_response') session = { registrationId: welcome.context.registrationId, secret: welcome.secret };
      },
      onMessage: (message) => {
        if (message.type === 'registration_progress') wanted.onStep(message.step);
      },
    },
    ports,
  );

  /** Any message may be answered by the end of the session. */
  const ask = <T>(message: RegistrationClientMessage, answer: (received: RegistrationServerMessage) => T | undefined, timeoutMs = answerTimeoutMs): Promise<T> =>
    channel.request(
      message,
      (received) => {
        if (received.type === 'registration_failed') throw serverFault(received);
        return answer(received);
      },
      { timeoutMs, signal },
    );

  return {
    async start() {
      return (await channel.ready({ timeoutMs: answerTimeoutMs, signal })) as Extract<RegistrationServerMessage, { type: 'registration_hello_response' }>;
    },
    async giveConsent(consent) {
      await ask({ type: 'give_consent', consent }, (received) => received.type === 'consent_recorded' || undefined);
    },
    report: ({ position, index, quality }) =>
      ask({ type: 'sample_captured', position, index, quality: { score: quality.score, reasons: [...quality.reasons] } }, (received) => {
        const concerns = (received.type === 'sample_accepted' || received.type === 'sample_rejected') && received.position === position && received.index === index;
        if (!concerns) return undefined;
        return received.type === 'sample_accepted' ? { accepted: true, remaining: received.remaining } : { accepted: false, remaining: Infinity };
      }),
    complete: (split) => ask({ type: 'complete_registration', split }, (received) => (received.type === 'registration_succeeded' ? received.receipt : undefined), completeTimeoutMs),
    cancel: () => channel.tell({ type: 'cancel_registration' }),
    close: () => channel.close(),
  };
}
