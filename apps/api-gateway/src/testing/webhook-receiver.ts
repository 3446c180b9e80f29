import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { Webhook } from 'standardwebhooks';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A vendor's HTTP server that keeps what it was sent. `answer` decides the status; undefined: never answers. */
export class WebhookReceiver {
  readonly received: Received[] = [];
  /** Most requests that stood open at one moment. */
  mostAtOnce = 0;
  #open = 0;
  answer: (request: Received) => number | undefined = () => 204;
  headers: Record<string, string> = {};
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<WebhookReceiver> {
    const server = createServer();
    const receiver = new WebhookReceiver(server);
    server.on('request', (request, response) => {
      receiver.mostAtOnce = Math.max(receiver.mostAtOnce, ++receiver.#open);
      response.once('close', () => receiver.#open--);
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const one = { headers: request.headers, body: Buffer.concat(chunks).toString() };
        receiver.received.push(one);
        const status = receiver.answer(one);
        if (status !== undefined) response.writeHead(status, receiver.headers).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}/hooks`;
  }

  /** What arrived, checked by the reference library. @throws when a signature is wrong */
  verified(secret: string, from = 0): { type: string; timestamp: string; data: Record<string, unknown> }[] {
    return this.received.slice(from).map(({ headers, body }) => new Webhook(secret).verify(body, headers as Record<string, string>) as { type: string; timestamp: string; data: Record<string, unknown> });
  }

  ids(): string[] {
    return this.received.map(({ headers }) => String(headers['webhook-id']));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
