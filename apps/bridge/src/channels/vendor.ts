import { streamOf, vendorClientMessage, type VendorClientMessage } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { type GatewayClient } from '../gateway-client.ts';
import { type ChannelDefinition } from './channel.ts';

/** `/ws/vendor`: opens contexts and hears of all contexts of its vendor, also of those opened by REST. */
export function vendorChannel(gateway: GatewayClient): ChannelDefinition<VendorClientMessage> {
  return {
    name: 'vendor',
    schema: vendorClientMessage,
    helloType: 'vendor_hello',

    async hello(message) {
      if (message.type !== 'vendor_hello') throw new BoopError('request.malformed', 'a hello was expected');
      const check = () => gateway.ask('credential.check', { roles: ['vendor'], key: message.apiKey });
      const { id: vendorId } = await check();
      return {
        recheck: check,
        identity: `vendor/${vendorId}`,
        stream: streamOf.vendor(vendorId),
        from: message.resume,
        welcome: { type: 'vendor_hello_response' },
        async handle(next) {
          if (next.type === 'create_context') return { type: 'context_created', authentication: await gateway.ask('context.create', { vendorId, request: next.context }) };
          if (next.type !== 'cancel_context') throw new BoopError('request.malformed', 'no message of this state');
          await gateway.ask('context.cancel', { vendorId, contextId: next.contextId });
          return undefined;
        },
        answerKey: (next) => (next.type === 'cancel_context' ? `cancelled/${next.contextId}` : undefined),
        eventKey: ({ type, contextId }) => (type === 'context_cancelled' ? `cancelled/${String(contextId)}` : undefined),
      };
    },
  };
}
