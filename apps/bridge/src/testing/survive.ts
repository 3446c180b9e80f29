import { setTimeout as sleep } from 'node:timers/promises';
import { type BridgeProcess } from './bridge-process.ts';
import { NumberedClient } from './numbered-stream.ts';
import { TestBridge } from './test-bridge.ts';
import { type RedisServer } from '@boop/testing';

export interface Ordeal {
  readonly messages: number;
  /** How often the client's connection is cut. */
  readonly kills: number;
  /** Bridge processes; the client turns to the next one each time. */
  readonly bridges: number;
  /** How often a bridge is killed, and started again. */
  readonly bridgeKills?: number;
  /** Killed and started again, empty, with every bridge. */
  readonly redis?: RedisServer;
  /** Events of history that are kept; all when absent. */
  readonly keep?: number;
}

export interface Outcome {
  readonly last: number;
  readonly received: number;
  /** Gaps that nobody told of. */
  readonly missed: number;
  readonly wrong: number;
  /** Hello responses that told of a gap. */
  readonly told: number;
  readonly connections: number;
  readonly seconds: number;
}

const stream = 'vendor:vendor-1';
const batch = 25;
/** The producer doesn't outrun the client by more than half of what a gateway keeps. */
const leadMax = 500;

/** Numbered messages flow while connections, bridges and Redis are killed. */
export async function survive({ messages, kills, bridges, bridgeKills = 0, redis, keep }: Ordeal): Promise<Outcome> {
  const b = await TestBridge.withoutBridge({ connectionsPerIdentity: 1_000 }, redis ? { redisUrl: redis.url, history: { eventsMax: keep ?? 1_000 } } : {});
  b.script = (method) => (method === 'credential.check' ? { role: 'vendor', id: 'vendor-1' } : {});
  const running: BridgeProcess[] = [];
  try {
    await b.appendNumbered(stream, 1);
    for (let i = 0; i < bridges; i++) running.push(await b.process());
    let turns = 0;
    const client = new NumberedClient({ url: () => running[turns++ % bridges]!.url, apiKey: 'sk_test' });
    const startMs = performance.now();
    let killed = 0;
    let restarts: Promise<void> = Promise.resolve();
    let bridgesKilled = 0;
    for (let sent = 1; sent < messages; ) {
      sent = await b.appendNumbered(stream, Math.min(batch, messages - sent));
      if (keep !== undefined) await b.sql('DELETE FROM channel_events WHERE event_offset <= $1', [sent - keep]);
      const due = Math.floor((sent / messages) * kills);
      if (killed < due) {
        // Each connection lives until it has heard something.
        const connections = client.connections;
        const heard = client.received;
        await client.until(() => client.received > heard || client.connections > connections || client.last >= sent);
        client.kill();
        killed += 1;
      }
      if (bridgesKilled < Math.floor((sent / messages) * bridgeKills)) {
        const place = bridgesKilled++ % bridges;
        restarts = restarts.then(async () => {
          await Promise.all([running[place]!.kill(), redis?.kill()]);
          await redis?.up();
          running[place] = await b.process();
        });
      }
      while (sent - client.last > leadMax && bridges > 0) await sleep(1);
    }
    await restarts;
    await client.until(() => client.last >= messages);
    client.stop();
    const { last, received, missed, wrong, told, connections } = client;
    return { last, received, missed, wrong, told, connections, seconds: (performance.now() - startMs) / 1_000 };
  } finally {
    await b.stop();
  }
}
