import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { webhookEndpointWithSecretSchema } from '@boop/protocol';
import { verifyWebhook } from '@boop/sdk';
import { BoopError, isBoopError } from '@boop/shared';
import { Command, Option } from 'commander';
import { httpUrl } from '../operands.ts';
import { wholeNumber } from '../whole-number.ts';

interface ListenOptions {
  readonly key: string;
  readonly gateway: string;
  readonly count?: number;
}

const gatewayDefault = 'http://127.0.0.1:40401';
const bodyBytesMax = 1024 * 1024;

/** `boop listen`: a webhook endpoint on this machine, for as long as the command runs. */
export function listenCommand(): Command {
  return new Command('listen')
    .description('receive the webhooks of a vendor of a test network, verify them and print them')
    .addOption(new Option('--key <key>', 'the vendor’s API key').env('BOOP_KEY').makeOptionMandatory())
    .addOption(new Option('--gateway <url>', 'address of the gateway').env('GATEWAY').argParser(httpUrl).default(gatewayDefault))
    .addOption(new Option('--count <number>', 'end after so many events').argParser(wholeNumber(1, 1_000_000)))
    .action(async (options: ListenOptions) => await listen(options));
}

async function listen({ key, gateway, count = Infinity }: ListenOptions): Promise<void> {
  const api = gateway.replace(/\/+$/, '');
  const authorization = `Bearer ${key}`;
  let secret = '';
  let left = count;
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const seen = new Set<string>();
  const server = createServer((request, response) => {
    receive(request, secret).then(
      ({ id, type, data }) => {
        response.writeHead(204).end();
        // A delivery may come twice.
        if (seen.has(id) || left === 0) return;
        seen.add(id);
        process.stdout.write(`${JSON.stringify({ id, type, data })}\n`);
        if (--left === 0) end();
      },
      (error: unknown) => {
        process.stderr.write(`refused a delivery: ${isBoopError(error) ? error.code : 'it could not be read'}\n`);
        response.writeHead(400).end();
      },
    );
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  const port = await open(server);
  try {
    const created = await fetch(`${api}/v1/webhooks/endpoints`, { method: 'POST', headers: { authorization, 'content-type': 'application/json' }, body: JSON.stringify({ url: `http://127.0.0.1:${port}/`, description: 'boop listen' }) }).catch((cause: unknown) => {
      throw new BoopError('listen.unreachable', `no gateway answers at ${api}`, { kind: 'unavailable', cause });
    });
    if (!created.ok) throw new BoopError('listen.refused', `the gateway refused the endpoint: ${reasonOf(created.status)}`);
    const endpoint = webhookEndpointWithSecretSchema.parse(await created.json());
    secret = endpoint.secret;
    process.stdout.write(`listening (endpoint ${endpoint.id})\n`);
    await ended;
    await fetch(`${api}/v1/webhooks/endpoints/${endpoint.id}`, { method: 'DELETE', headers: { authorization } });
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const reasonOf = (status: number): string => (status === 401 ? 'it does not know the key' : `status ${status}`);

async function receive(request: IncomingMessage, secret: string): Promise<ReturnType<typeof verifyWebhook>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new BoopError('request.too-large', 'the delivery is larger than a webhook');
    chunks.push(chunk);
  }
  return verifyWebhook({ body: Buffer.concat(chunks).toString(), headers: request.headers, secret });
}

async function open(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
