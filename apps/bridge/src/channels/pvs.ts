import { pvsClientMessage, type PvsClientMessage, streamOf } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { type GatewayClient } from '../gateway-client.ts';
import { type ChannelDefinition, type ServerMessage } from './channel.ts';

/** `/ws/pvs`: a terminal hears which contexts wait for it and presents probes. */
export function pvsChannel(gateway: GatewayClient): ChannelDefinition<PvsClientMessage> {
  return {
    name: 'pvs',
    schema: pvsClientMessage,
    helloType: 'pvs_hello',

    async hello(message) {
      if (message.type !== 'pvs_hello') throw new BoopError('request.malformed', 'a hello was expected');
      const check = () => gateway.ask('credential.check', { roles: ['terminal'], key: message.terminalKey });
      const { id: terminalId } = await check();
      const network = await gateway.ask('network.info', {});
      return {
        recheck: check,
        identity: `terminal/${terminalId}`,
        stream: streamOf.pvs(terminalId),
        from: message.resume,
        welcome: { type: 'pvs_hello_response', terminalId, network },
        // A terminal that has missed nothing knows its settings and what waits for it.
        started: async ({ recovered }) => {
          if (!recovered) await gateway.ask('terminal.hello', { terminalId });
        },
        handle: (next) => handle(terminalId, next),
      };
    },
  };

  async function handle(terminalId: string, message: PvsClientMessage): Promise<ServerMessage | undefined> {
    switch (message.type) {
      case 'probe': {
        const { contextId, probe } = message;
        await gateway.ask('probe.submit', { terminalId, contextId, probe });
        return { type: 'probe_accepted', contextId };
      }
      case 'capture_failed': {
        const { contextId, reason } = message;
        await gateway.ask('capture.failed', { terminalId, contextId, reason });
        return undefined;
      }
      case 'configuration_applied':
        await gateway.ask('configuration.acknowledge', { terminalId, version: message.version, applied: true });
        return undefined;
      case 'configuration_rejected':
        await gateway.ask('configuration.acknowledge', { terminalId, version: message.version, applied: false, code: message.code });
        return undefined;
      default:
        throw new BoopError('request.malformed', 'no message of this state');
    }
  }
}
