import { problemOf, pvsClientMessage, registrationClientMessage, vendorClientMessage } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { type z } from 'zod';
import { type Socket } from '../ports.ts';
import { type EventStreams, type Payload } from './event-streams.ts';
import { type SandboxAuthentications, sandboxTerminalId } from './sandbox-authentications.ts';
import { type SandboxNetwork } from './sandbox-network.ts';
import { type SandboxRegistrations } from './sandbox-registrations.ts';
import { type ConnectionHandler, sandboxSocket, type ServerEnd } from './sandbox-socket.ts';

const heartbeatMs = 30_000;

export interface BridgeParts {
  readonly network: SandboxNetwork;
  readonly streams: EventStreams;
  readonly authentications: SandboxAuthentications;
  readonly registrations: SandboxRegistrations;
}

interface ChannelMessage {
  readonly type: string;
  readonly id?: string | undefined;
}

/** What a hello opens: the stream that is heard from then on, and the answer to the hello. */
interface Opened {
  readonly stream: string;
  readonly from: { readonly epoch: string; readonly offset: number } | 'begin' | undefined;
  readonly welcome: Payload;
}

interface Channel<Message extends ChannelMessage> {
  readonly schema: z.ZodType<Message>;
  /** @returns undefined when the message is no hello */
  open(message: Message): Opened | undefined;
  /** @returns a direct answer; most answers are events */
  handle(message: Message): Promise<Payload | undefined>;
}

/** The channels of a bridge, by the last part of their URL. */
export function sandboxBridge(parts: BridgeParts): (url: string) => Socket {
  const serve: Readonly<Record<string, (end: ServerEnd) => ConnectionHandler>> = {
    vendor: (end) => connection(vendorChannel(parts), parts.streams, end),
    pvs: (end) => connection(terminalChannel(parts), parts.streams, end),
    registration: (end) => connection(registrationChannel(parts), parts.streams, end),
  };
  return (url) => {
    const channel = serve[url.slice(url.lastIndexOf('/') + 1)];
    if (!channel) throw new BoopError('request.not-found', 'the sandbox has no such channel');
    return sandboxSocket(channel);
  };
}

function connection<Message extends ChannelMessage>(channel: Channel<Message>, streams: EventStreams, end: ServerEnd): ConnectionHandler {
  let leave = (): void => undefined;
  const answer = ({ id }: ChannelMessage, message: object): void => end.send(id === undefined ? message : { ...message, re: id });
  const serve = async (message: Message): Promise<void> => {
    if (message.type === 'ping') return answer(message, { type: 'pong' });
    const opened = channel.open(message);
    if (opened) leave = streams.subscribe(opened.stream, opened.from, (at) => answer(message, { ...opened.welcome, ...at, heartbeatMs }), end.send);
    else {
      const direct = await channel.handle(message);
      if (direct) answer(message, direct);
    }
  };
  return {
    async message(received) {
      const parsed = channel.schema.safeParse(received);
      if (!parsed.success) return end.close(4400);
      await serve(parsed.data).catch((error: unknown) => {
        const { code, detail, title, retryAllowed } = problemOf(error);
        answer(parsed.data, { type: 'error', code, message: detail ?? title, retryAllowed });
      });
    },
    closed: () => leave(),
  };
}

function vendorChannel({ authentications }: BridgeParts): Channel<z.infer<typeof vendorClientMessage>> {
  return {
    schema: vendorClientMessage,
    open: (message) => (message.type === 'vendor_hello' ? { stream: 'vendor', from: message.resume, welcome: { type: 'vendor_hello_response' } } : undefined),
    async handle(message) {
      if (message.type === 'create_context') return { type: 'context_created', authentication: authentications.create(message.context) };
      if (message.type === 'cancel_context') authentications.cancel(message.contextId);
      return undefined;
    },
  };
}

function terminalChannel({ network, authentications }: BridgeParts): Channel<z.infer<typeof pvsClientMessage>> {
  return {
    schema: pvsClientMessage,
    open: (message) => (message.type === 'pvs_hello' ? { stream: 'terminal', from: message.resume, welcome: { type: 'pvs_hello_response', terminalId: sandboxTerminalId, network: network.info } } : undefined),
    async handle(message) {
      if (message.type === 'capture_failed') authentications.failCapture(message.contextId, message.reason);
      if (message.type !== 'probe') return undefined;
      if (!('split' in message.probe)) throw new BoopError('split.gateway-not-allowed', 'the sandbox takes splits only');
      await authentications.present(message.contextId, message.probe.split);
      return { type: 'probe_accepted', contextId: message.contextId };
    },
  };
}

function registrationChannel({ registrations }: BridgeParts): Channel<z.infer<typeof registrationClientMessage>> {
  let registrationId = '';
  return {
    schema: registrationClientMessage,
    open(message) {
      if (message.type !== 'registration_hello') return undefined;
      const welcome = message.session ? registrations.resume(message.session) : registrations.start(message.positions ?? ['right-palm']);
      registrationId = welcome.context.registrationId;
      return { stream: registrationId, from: message.session ? (message.resume ?? 'begin') : 'begin', welcome: { type: 'registration_hello_response', ...welcome } };
    },
    async handle(message) {
      if (message.type === 'give_consent') registrations.consent(registrationId, message.consent);
      if (message.type === 'sample_captured') registrations.sample(registrationId, message);
      if (message.type === 'complete_registration') await registrations.complete(registrationId, message.split);
      if (message.type === 'cancel_registration') registrations.cancel(registrationId);
      return undefined;
    },
  };
}
