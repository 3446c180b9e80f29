import { type Authentication, type AuthenticationReason, type VendorClientMessage, type VendorServerMessage, vendorServerMessage } from '@boop/protocol';
import { ChannelClient } from '../channel/channel-client.ts';
import { channelUrl } from '../channel/connection.ts';
import { type SdkPorts } from '../ports.ts';

/** News of one context: the resource when the event carries it, and why it failed. */
export interface ContextNews {
  readonly authentication?: Authentication;
  readonly reason?: AuthenticationReason;
}

/** The vendor's events, by context. */
export interface VendorChannel {
  /** Resolves when the channel is up. */
  ready(timeoutMs: number): Promise<void>;
  readonly connected: boolean;
  watch(contextId: string, listener: (news: ContextNews) => void): () => void;
  close(): void;
}

export function openVendorChannel(bridgeUrl: string, apiKey: string, ports: SdkPorts): VendorChannel {
  const watchers = new Map<string, (news: ContextNews) => void>();
  const tellAll = (): void => {
    for (const listener of watchers.values()) listener({});
  };
  const channel = new ChannelClient<VendorClientMessage, VendorServerMessage>(
    {
      url: channelUrl(bridgeUrl, 'vendor'),
      schema: vendorServerMessage,
      hello: (resume) => ({ type: 'vendor_hello', apiKey, ...(resume ? { resume } : {}) }),
      welcomeType: 'vendor_hello_response',
      onMessage: (message) => {
        const { contextId, news } = newsOf(message);
        if (contextId !== undefined) watchers.get(contextId)?.(news);
      },
      // Whoever waits asks once more when events were lost, and when none will come any more.
      onWelcome: (_, lost) => lost && tellAll(),
      onEnd: tellAll,
    },
    ports,
  );
  return {
    ready: async (timeoutMs) => void (await channel.ready({ timeoutMs })),
    get connected() {
      return channel.connected;
    },
    watch(contextId, listener) {
      watchers.set(contextId, listener);
      return () => void watchers.delete(contextId);
    },
    close: () => channel.close(),
  };
}

function newsOf(message: VendorServerMessage): { contextId?: string; news: ContextNews } {
  switch (message.type) {
    case 'authentication_success':
      return { contextId: message.authentication.id, news: { authentication: message.authentication, reason: 'ok' } };
    case 'authentication_failed':
      return { contextId: message.contextId, news: { authentication: message.authentication, reason: message.reason } };
    case 'context_expired':
    case 'context_cancelled':
      return { contextId: message.contextId, news: {} };
    default:
      return { news: {} };
  }
}
