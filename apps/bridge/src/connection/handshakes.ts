import { type Server } from 'node:http';
import { type Socket } from 'node:net';
import { type Duplex } from 'node:stream';

/**
 * Bounds connections that are no WebSocket yet. When one too many comes, the one that has waited longest goes: a handshake takes its client a moment,
 * so that those who never finish theirs can't keep out the others, from however many addresses they come.
 */
export function boundHandshakes(server: Pick<Server, 'on'>, max: number): void {
  const waiting = new Map<string, Socket>();
  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    waiting.set(peer, socket);
    socket.once('close', () => {
      if (waiting.get(peer) === socket) waiting.delete(peer);
    });
    if (waiting.size <= max) return;
    for (const [oldest, unfinished] of waiting) {
      waiting.delete(oldest);
      unfinished.destroy();
      break;
    }
  });
  server.on('upgrade', (_request, socket: Duplex) => waiting.delete(peerOf(socket as Socket)));
}

/** Under TLS the socket that upgrades is another object than the one that connected, with the same peer. */
const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
