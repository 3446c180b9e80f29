import { type AdminClientMessage, type AdminServerMessage, adminServerMessage, type adminTopics } from '@boop/protocol';
import { ChannelClient } from '../channel/channel-client.ts';
import { channelUrl } from '../channel/connection.ts';
import { type SdkPorts, systemPorts } from '../ports.ts';

export type AdminTopic = (typeof adminTopics)[number];
export type AdminNews = Extract<AdminServerMessage, { type: 'nodes' | 'event' | 'audit' }>;

export interface AdminClient {
  /**
   * Subscribes and stays subscribed across reconnections; a second call replaces topics and listener.
   * @throws BoopError `request.unauthenticated`, `request.forbidden`, `connection.lost`
   */
  subscribe(topics: readonly AdminTopic[], listener: (news: AdminNews) => void): Promise<void>;
  close(): void;
}

/** Client of an operator's or an auditor's console. Connects with the first subscription. */
export function createAdminClient({ bridgeUrl, apiKey, ports: replaced }: { bridgeUrl: string; apiKey: string; ports?: Partial<SdkPorts> }): AdminClient {
  const ports = systemPorts(replaced);
  let channel: ChannelClient<AdminClientMessage, AdminServerMessage> | undefined;
  let topics: readonly AdminTopic[] = [];
  let tell: (news: AdminNews) => void = () => undefined;
  let connections = 0;

  const open = (): ChannelClient<AdminClientMessage, AdminServerMessage> =>
    new ChannelClient<AdminClientMessage, AdminServerMessage>(
      {
        url: channelUrl(bridgeUrl, 'admin'),
        schema: adminServerMessage,
        hello: (resume) => ({ type: 'admin_hello', apiKey, ...(resume ? { resume } : {}) }),
        welcomeType: 'admin_hello_response',
        failuresMax: Infinity,
        // Subscriptions belong to a connection: a new one has none.
        onWelcome: () => {
          connections += 1;
          if (connections > 1 && topics.length) channel!.tell({ type: 'subscribe', topics: [...topics] });
        },
        onMessage: (message) => {
          if (message.type === 'nodes' || message.type === 'event' || message.type === 'audit') tell(message);
        },
      },
      ports,
    );

  return {
    async subscribe(wanted, listener) {
      topics = wanted;
      tell = listener;
      channel ??= open();
      await channel.ready();
      await channel.request({ type: 'subscribe', topics: [...wanted] }, (message) => (message.type === 'subscribed' ? message : undefined), { timeoutMs: 10_000 });
    },
    close: () => channel?.close(),
  };
}
