import { type Server } from 'node:http';
import { type Socket } from 'node:net';
import { type TrustedProxies } from '@boop/platform';

export interface ConnectionLimits {
  readonly max: number;
  readonly perAddress: number;
}

export const connectionDefaults: ConnectionLimits = { max: 20_000, perAddress: 1_000 };

/** Turns away connections over a cap, in all and of one address that is no proxy's, before anything is read from them. */
export function capConnections(server: Pick<Server, 'on' | 'maxConnections'>, { max, perAddress }: ConnectionLimits, proxies: TrustedProxies): void {
  server.maxConnections = max;
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    if (proxies.has(address)) return;
    const count = (open.get(address) ?? 0) + 1;
    if (count > perAddress) return void socket.destroy();
    open.set(address, count);
    socket.once('close', () => {
      const left = open.get(address)! - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
  });
}
