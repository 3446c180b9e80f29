import { adminClientMessage, type AdminClientMessage, type adminTopics, type PvsConfiguration, streamOf } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { type GatewayClient } from '../gateway-client.ts';
import { type ChannelDefinition } from './channel.ts';

type Topic = (typeof adminTopics)[number];
const topicOf: Readonly<Record<string, Topic>> = { nodes: 'nodes', event: 'events' };

const published = (configuration: PvsConfiguration) => ({ type: 'configuration_published', configuration });

/** `/ws/admin`: who is up and what happens, by subscription; and the terminals' settings. */
export function adminChannel(gateway: GatewayClient): ChannelDefinition<AdminClientMessage> {
  return {
    name: 'admin',
    schema: adminClientMessage,
    helloType: 'admin_hello',

    async hello(message) {
      if (message.type !== 'admin_hello') throw new BoopError('request.malformed', 'a hello was expected');
      const { id } = await gateway.ask('credential.check', { role: 'admin', key: message.apiKey });
      const topics = new Set<Topic>();
      return {
        identity: `admin/${id}`,
        stream: streamOf.admin(),
        from: message.resume,
        welcome: { type: 'admin_hello_response' },
        wants: ({ type }) => topics.has(topicOf[type]!),
        async handle(next) {
          if (next.type === 'publish_configuration') return published(await gateway.ask('configuration.publish', { document: next.document }));
          if (next.type === 'roll_back_configuration') return published(await gateway.ask('configuration.roll-back', { version: next.version }));
          if (next.type !== 'subscribe') throw new BoopError('request.malformed', 'no message of this state');
          topics.clear();
          for (const topic of next.topics) topics.add(topic);
          return { type: 'subscribed', topics: [...topics] };
        },
      };
    },
  };
}
