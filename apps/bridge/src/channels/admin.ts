import { adminClientMessage, type AdminClientMessage, type adminTopics, type PvsConfiguration, streamOf } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { type GatewayClient } from '../gateway-client.ts';
import { type ChannelDefinition } from './channel.ts';

type Topic = (typeof adminTopics)[number];
const topicOf: Readonly<Record<string, Topic>> = { nodes: 'nodes', event: 'events', audit: 'audit' };

const published = (configuration: PvsConfiguration) => ({ type: 'configuration_published', configuration });

/** `/ws/admin`: who is up, what happens and who changes what, by subscription; and the terminals' settings, which auditors may not touch. */
export function adminChannel(gateway: GatewayClient): ChannelDefinition<AdminClientMessage> {
  return {
    name: 'admin',
    schema: adminClientMessage,
    helloType: 'admin_hello',

    async hello(message) {
      if (message.type !== 'admin_hello') throw new BoopError('request.malformed', 'a hello was expected');
      const check = () => gateway.ask('credential.check', { roles: ['admin', 'auditor'], key: message.apiKey });
      const { role, id } = await check();
      const topics = new Set<Topic>();
      return {
        recheck: check,
        identity: `${role}/${id}`,
        stream: streamOf.admin(),
        from: message.resume,
        welcome: { type: 'admin_hello_response' },
        wants: ({ type }) => topics.has(topicOf[type]!),
        async handle(next) {
          if (next.type === 'subscribe') {
            topics.clear();
            for (const topic of next.topics) topics.add(topic);
            return { type: 'subscribed', topics: [...topics] };
          }
          if (role !== 'admin') throw new BoopError('request.forbidden', 'this credential may not do that');
          if (next.type === 'publish_configuration') return published(await gateway.ask('configuration.publish', { adminId: id, document: next.document }));
          if (next.type === 'roll_back_configuration') return published(await gateway.ask('configuration.roll-back', { adminId: id, version: next.version }));
          throw new BoopError('request.malformed', 'no message of this state');
        },
      };
    },
  };
}
