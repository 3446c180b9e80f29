// Clients of a bridge for bench/bridge.mjs, in a process of their own: one request, one answer.
import { WebSocket } from 'ws';

const url = process.argv[2];
const AT_ONCE = 50;
const clients = [];
let [gaps, waitingFor, behind] = [0, 0, 0];
let answerUntil;

function connect(vendor, onMessage) {
  const socket = new WebSocket(`${url}/ws/vendor`, 'boop.v1.json', { perMessageDeflate: false });
  return new Promise((resolve, reject) => {
    socket.once('open', () => socket.send(JSON.stringify({ type: 'vendor_hello', apiKey: `sk_v${vendor}` })));
    socket.once('message', (data) => {
      const { offset } = JSON.parse(data);
      resolve({ socket, offset });
      onMessage?.(socket);
    });
    socket.once('error', reject);
  });
}

function listen(client) {
  clients.push(client);
  client.socket.on('message', (data) => {
    const { type, offset } = JSON.parse(data);
    if (type !== 'context_expired') return;
    if (offset !== client.offset + 1) gaps += 1;
    client.offset = offset;
    if (offset === waitingFor && --behind === 0) answerUntil();
  });
  client.socket.on('close', () => (gaps += 1));
}

let slow;
const requests = {
  async open({ open, vendors }) {
    for (let at = 0; at < open; at += AT_ONCE) for (const client of await Promise.all(Array.from({ length: Math.min(AT_ONCE, open - at) }, (_, i) => connect((at + i) % vendors)))) listen(client);
    return { open };
  },
  async until({ until }) {
    waitingFor = until;
    behind = clients.filter(({ offset }) => offset < until).length;
    if (behind > 0) await new Promise((resolve) => (answerUntil = resolve));
    return { until };
  },
  async openSlow() {
    slow = await connect(0, (socket) => socket.pause());
    return {};
  },
  async slowClosed() {
    const closed = new Promise((resolve) => slow.socket.once('close', (code) => resolve({ code })));
    slow.socket.resume();
    return await closed;
  },
  async report() {
    return { gaps };
  },
};
process.on('message', async (request) => process.send(await requests[Object.keys(request)[0]](request)));
process.on('disconnect', () => process.exit(0));
