import { registrationClientMessage, type RegistrationClientMessage, streamOf } from '@boop/protocol';
import { registrationContextSchema } from '@boop/identity';
import { BoopError } from '@boop/shared';
import { z } from 'zod';
import { type GatewayClient } from '../gateway-client.ts';
import { type ChannelDefinition, type ServerMessage } from './channel.ts';

/** Answer of `registration.start` and `registration.resume`; the rest is passed on as it is. */
const sessionSchema = z.looseObject({ context: registrationContextSchema, secret: z.string() });
/** Failures after which the same session can't succeed. */
const finalFailures: ReadonlySet<unknown> = new Set(['registration.duplicate', 'context.expired']);
const sampleKey = (position: unknown, index: unknown): string => `sample/${String(position)}/${String(index)}`;

/** `/ws/registration`: one person's registration. Anyone may start one; its secret resumes it. */
export function registrationChannel(gateway: GatewayClient): ChannelDefinition<RegistrationClientMessage> {
  return {
    name: 'registration',
    schema: registrationClientMessage,
    helloType: 'registration_hello',

    async hello(message, address) {
      if (message.type !== 'registration_hello') throw new BoopError('request.malformed', 'a hello was expected');
      const { session, positions, locale, resume } = message;
      const answer = await (session ? gateway.ask('registration.resume', session) : gateway.ask('registration.start', { positions, locale, address }));
      const started = sessionSchema.parse(answer);
      const { registrationId } = started.context;
      return {
        identity: `registration/${registrationId}`,
        stream: streamOf.registration(registrationId),
        from: session ? (resume ?? 'begin') : 'begin',
        welcome: { type: 'registration_hello_response', ...started },
        handle: (next) => handle(registrationId, next),
        answerKey: (next) => {
          if (next.type === 'give_consent') return 'consent';
          if (next.type === 'sample_captured') return sampleKey(next.position, next.index);
          return next.type === 'complete_registration' ? 'outcome' : undefined;
        },
        eventKey: ({ type, position, index }) => {
          if (type === 'consent_recorded') return 'consent';
          if (type === 'sample_accepted' || type === 'sample_rejected') return sampleKey(position, index);
          return type === 'registration_succeeded' || type === 'registration_failed' ? 'outcome' : undefined;
        },
        isOver: ({ type, code }) => type === 'cancel_registration' || type === 'registration_succeeded' || (type === 'registration_failed' && finalFailures.has(code)),
      };
    },
  };

  async function handle(registrationId: string, message: RegistrationClientMessage): Promise<ServerMessage | undefined> {
    switch (message.type) {
      case 'give_consent':
        await gateway.ask('registration.consent', { registrationId, consent: message.consent });
        return undefined;
      case 'sample_captured': {
        const { position, index, quality } = message;
        await gateway.ask('registration.sample', { registrationId, position, index, quality });
        return undefined;
      }
      case 'complete_registration':
        await gateway.ask('registration.complete', { registrationId, split: message.split });
        return undefined;
      case 'cancel_registration':
        await gateway.ask('registration.cancel', { registrationId });
        return undefined;
      default:
        throw new BoopError('request.malformed', 'no message of this state');
    }
  }
}
