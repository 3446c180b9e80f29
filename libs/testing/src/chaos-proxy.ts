import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Rng } from '@boop/shared';
import { Lane } from './chaos-lane.ts';

/** What happens to the bytes of all connections; what is left out stays as it is. */
export interface Weather {
  /** One way, milliseconds. */
  readonly delayMs: number;
  /** Added to each piece, uniformly below this; pieces never overtake one another. */
  readonly jitterMs: number;
  /** Each way and connection; `Infinity` for no limit. */
  readonly bytesPerSecond: number;
  /** Directions in which nothing gets through: one is a half-open connection, both a partition. Connections stay open. */
  readonly blocked: 'none' | 'to-target' | 'from-target' | 'both';
  /** What is sent while blocked: kept and delivered afterwards, as TCP would, or lost, after which the connection is reset. */
  readonly whileBlocked: 'hold' | 'drop';
  /** New connections are reset at once. */
  readonly refuse: boolean;
}

export const fairWeather: Weather = { delayMs: 0, jitterMs: 0, bytesPerSecond: Infinity, blocked: 'none', whileBlocked: 'hold', refuse: false };

/** A TCP proxy on loopback whose conditions change while connections are open. */
export class ChaosProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs = new Set<{ readonly sides: readonly Socket[]; readonly lanes: readonly Lane[] }>();
  #weather: Weather = fairWeather;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as { port: number }).port;
  }

  /** @param port on which to listen; a free one when not given */
  static async start({ target, port = 0, rng }: { target: { host: string; port: number }; port?: number; rng: Rng }): Promise<ChaosProxy> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => proxy.#join(client, connect({ ...target, allowHalfOpen: true, noDelay: true }), rng));
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
    const proxy = new ChaosProxy(server);
    return proxy;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Lost so far on connections that are open. */
  get bytesLost(): number {
    return [...this.#pairs].reduce((sum, { lanes }) => sum + lanes.reduce((lost, lane) => lost + lane.bytesLost, 0), 0);
  }

  /** Changes conditions from now on, also for what waits in the proxy. */
  set(change: Partial<Weather>): void {
    this.#weather = { ...this.#weather, ...change };
    for (const { lanes } of this.#pairs) for (const lane of lanes) lane.resume();
  }

  heal(): void {
    this.set(fairWeather);
  }

  /** Ends all connections by RST, as a peer that has lost its state does. */
  reset(): void {
    for (const { sides } of [...this.#pairs]) for (const side of sides) side.resetAndDestroy();
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.reset();
    await closed;
  }

  #join(client: Socket, target: Socket, rng: Rng): void {
    const reset = (): void => {
      for (const side of [client, target]) side.resetAndDestroy();
    };
    const lane = (from: Socket, to: Socket, direction: 'to-target' | 'from-target'): Lane =>
      new Lane({ from, to, weather: () => this.#weather, isBlocked: () => this.#weather.blocked === 'both' || this.#weather.blocked === direction, rng, reset });
    const pair = { sides: [client, target], lanes: [lane(client, target, 'to-target'), lane(target, client, 'from-target')] };
    this.#pairs.add(pair);
    for (const side of pair.sides) {
      side.on('error', () => undefined);
      side.once('close', (failed) => {
        // What was on its way still arrives, unless the connection broke.
        if (failed) reset();
        if (pair.sides.every(({ closed, destroyed }) => closed || destroyed)) {
          this.#pairs.delete(pair);
          for (const each of pair.lanes) each.close();
        }
      });
    }
    if (this.#weather.refuse) reset();
  }
}
