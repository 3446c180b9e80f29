import { useEffect, useState } from 'react';
import { type AdminServerMessage } from '@boop/protocol';
import { createAdminClient } from '@boop/sdk';
import { type Addresses, useCredential } from './settings.ts';

type Message<Type> = Extract<AdminServerMessage, { type: Type }>;

export interface NetworkFeed {
  readonly nodes: Message<'nodes'>['nodes'];
  /** Since the console was opened, newest first. */
  readonly events: readonly Message<'event'>[];
  readonly failure: string;
  readonly key: string;
  readonly signIn: (key: string) => void;
}

const eventsKept = 200;

/** What an administrator may see, whichever view is open. */
export function useNetworkFeed(addresses: Addresses | undefined): NetworkFeed {
  const [key, signIn] = useCredential('admin-key');
  const [nodes, setNodes] = useState<NetworkFeed['nodes']>([]);
  const [events, setEvents] = useState<NetworkFeed['events']>([]);
  const [failure, setFailure] = useState('');

  useEffect(() => {
    if (!key || !addresses) return;
    const client = createAdminClient({ bridgeUrl: addresses.bridge, apiKey: key });
    let isOver = false;
    client.subscribe(['nodes', 'events'], (message) => {
      if (message.type === 'nodes') setNodes(message.nodes);
      if (message.type === 'event') setEvents((old) => [message, ...old].slice(0, eventsKept));
    }).then(() => isOver || setFailure(''), (error: Error) => isOver || setFailure(error.message));
    return () => {
      isOver = true;
      client.close();
    };
  }, [addresses, key]);

  return { nodes, events, failure, key, signIn };
}
