import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { type RunningNetwork, until } from './network-harness.ts';
import { postJson } from './shop.ts';

const waitMs = 60_000;

/** How a vendor hears of things: its channel frame by frame, and an endpoint for webhooks whose signatures the reference library checks. */
export class VendorEars {
  readonly #socket: WebSocket;
  readonly #server: Server;
  readonly #frames: Record<string, unknown>[] = [];
  readonly #webhooks: readonly Record<string, unknown>[];

  private constructor(socket: WebSocket, server: Server, webhooks: readonly Record<string, unknown>[]) {
    this.#socket = socket;
    this.#server = server;
    this.#webhooks = webhooks;
    socket.addEventListener('message', ({ data }) => void this.#frames.push(JSON.parse(String(data)) as Record<string, unknown>));
  }

  static async open(network: RunningNetwork, eventTypes: readonly string[]): Promise<VendorEars> {
    const { apiKey } = network.credentials.vendor;
    const heard: Record<string, unknown>[] = [];
    const secrets: string[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        heard.push(new Webhook(secrets[0]!).verify(Buffer.concat(chunks).toString(), request.headers as Record<string, string>) as Record<string, unknown>);
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { status, body } = await postJson(`${network.gatewayUrl}/v1/webhooks/endpoints`, apiKey, { url, eventTypes });
    if (status !== 201) throw new Error(JSON.stringify(body));
    secrets.push(body['secret'] as string);
    const socket = new WebSocket(`${network.bridgeUrl}/ws/vendor`, 'boop.v1.json');
    const ears = new VendorEars(socket, server, heard);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error('the bridge does not answer')));
    });
    socket.send(JSON.stringify({ type: 'vendor_hello', id: 'hello', apiKey }));
    await ears.frame('vendor_hello_response');
    return ears;
  }

  /** The first frame of a type. */
  async frame(type: string): Promise<Record<string, unknown>> {
    const found = () => this.#frames.find((frame) => frame['type'] === type);
    await until(() => found() !== undefined, waitMs);
    return found()!;
  }

  /** The first webhook of a type, its signature checked. */
  async webhook(type: string): Promise<Record<string, unknown>> {
    const found = () => this.#webhooks.find((event) => event['type'] === type);
    await until(() => found() !== undefined, waitMs);
    return found()!;
  }

  close(): void {
    this.#socket.close();
    this.#server.close();
  }
}
