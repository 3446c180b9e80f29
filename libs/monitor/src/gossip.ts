import { isBoopError } from '@boop/shared';
import { type Alarm } from './alarm.ts';
import { type Monitor } from './monitor.ts';
import { type LogSource } from './ports.ts';

/** Another monitor of the same log: the head that it vouches for, and its mirror. */
export interface Peer extends Pick<LogSource, 'checkpoint' | 'read'> {
  readonly name: string;
}

export interface GossipResult {
  readonly alarms: readonly Alarm[];
  /** Names of peers that could not be asked or made no sense: no fault of the log. */
  readonly unusable: readonly string[];
}

/** Asks each peer in turn for the head that it saw, and compares. */
export async function compareWithPeers(monitor: Monitor, peers: readonly Peer[]): Promise<GossipResult> {
  const alarms: Alarm[] = [];
  const unusable: string[] = [];
  for (const peer of peers) {
    try {
      const { alarms: found } = await monitor.compare(await peer.checkpoint(), peer);
      alarms.push(...found);
    } catch (error) {
      if (!isBoopError(error)) throw error;
      unusable.push(peer.name);
    }
  }
  return { alarms, unusable };
}
