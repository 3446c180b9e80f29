import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { BoopError } from '@boop/shared';
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { parseRequest } from '../link/messages.ts';
import { LinkClient } from '../link/link-client.ts';
import { LinkServer } from '../link/link-server.ts';
import { encode } from 'cborg';
import { TestNetwork } from '../testing/link-fixture.ts';
import { startEdgeSpan } from './spans.ts';
import { isTracing, startTracing, tracingFromEnvironment } from './tracing.ts';
import { parseTraceParent } from './trace-parent.ts';

let network: TestNetwork;
let gateway: LinkClient;
const closing: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  network = await TestNetwork.create();
  const ledger = new LinkServer({ tls: await network.tlsFor({ role: 'ledger', id: 'main' }), networkId: network.networkId, authorize: () => true, handlers: { request: async () => 'stored', session() {} } });
  const { port: ledgerPort } = await ledger.listen(0, '127.0.0.1');
  const node = { role: 'node', id: '1' } as const;
  const toLedger = new LinkClient({ tls: await network.tlsFor(node), networkId: network.networkId, expect: { role: 'ledger', id: 'main' }, host: '127.0.0.1', port: ledgerPort });
  const server = new LinkServer({
    tls: await network.tlsFor(node),
    networkId: network.networkId,
    authorize: () => true,
    handlers: {
      async request(_peer, method) {
        if (method === 'probe.refuse') throw new BoopError('share.malformed', 'a message that no span may hold');
        return toLedger.request('log.append', {}, { timeoutMs: 30_000 });
      },
      session() {},
    },
  });
  const { port } = await server.listen(0, '127.0.0.1');
  gateway = new LinkClient({ tls: await network.tlsFor({ role: 'gateway', id: 'main' }), networkId: network.networkId, expect: node, host: '127.0.0.1', port });
  await Promise.all([gateway.waitConnected(60_000), toLedger.waitConnected(60_000)]);
  closing.push(() => gateway.close(), () => toLedger.close(), () => server.close(), () => ledger.close());
}, 120_000);
afterAll(async () => {
  for (const close of closing) await close();
  network.remove();
});

let stop: (() => Promise<void>) | undefined;
afterEach(async () => {
  await stop?.();
  stop = undefined;
});

/** Keeps what was exported when the provider shuts down. */
class Kept extends InMemorySpanExporter {
  spans: ReadableSpan[] = [];
  override export(...[spans, done]: Parameters<InMemorySpanExporter['export']>): void {
    this.spans.push(...spans);
    done({ code: 0 });
  }
}
/** Runs work under a request from outside. @returns the spans, by name */
async function record(work: () => Promise<unknown>, traceparent?: string, sampleRatio = 1): Promise<ReadableSpan[]> {
  const kept = new Kept();
  const end = await startTracing({ serviceName: 'test', exporter: kept, sampleRatio });
  const span = startEdgeSpan('request', traceparent)!;
  await new Promise<void>((resolve) => span.run(() => void work().then(() => resolve(), () => resolve())));
  span.end('POST /v1/things', { 'http.response.status_code': 201 }, false);
  await end();
  return kept.spans;
}
const named = (spans: ReadableSpan[], name: string, kind: number) => spans.find((span) => span.name === name && span.kind === kind)!;
const [SERVER, CLIENT] = [1, 2];

describe('a trace', () => {
  test('goes on from the gateway over the node to the ledger', async () => {
    const spans = await record(() => gateway.request('probe.run', { secret: 'of a person' }, { timeoutMs: 30_000 }));
    const chain = [named(spans, 'POST /v1/things', SERVER), named(spans, 'probe.run', CLIENT), named(spans, 'probe.run', SERVER), named(spans, 'log.append', CLIENT), named(spans, 'log.append', SERVER)];
    expect(spans).toHaveLength(chain.length);
    expect(new Set(chain.map((span) => span.spanContext().traceId)).size).toBe(1);
    for (let at = 1; at < chain.length; at++) expect(chain[at]!.parentSpanContext?.spanId).toBe(chain[at - 1]!.spanContext().spanId);
    expect(JSON.stringify(spans.map(({ name, attributes, events, status }) => ({ name, attributes, events, status })))).not.toContain('person');
  });

  test('tells of a refusal by its code only', async () => {
    const spans = await record(() => gateway.request('probe.refuse', {}, { timeoutMs: 30_000 }));
    expect(named(spans, 'probe.refuse', SERVER).attributes['error.type']).toBe('share.malformed');
    expect(JSON.stringify(spans.map(({ attributes, events, status }) => ({ attributes, events, status })))).not.toContain('no span may hold');
  });

  test('of a client is linked, not continued, and decides nothing', async () => {
    const theirs = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const [span] = await record(async () => undefined, theirs);
    expect(span!.spanContext().traceId).not.toBe('0af7651916cd43dd8448eb211c80319c');
    expect(span!.links[0]!.context.traceId).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(await record(() => gateway.request('probe.run', {}, { timeoutMs: 30_000 }), theirs, 0)).toEqual([]);
  });

  test('costs nothing where nothing is recorded: no field is sent', async () => {
    expect(isTracing()).toBe(false);
    expect(startEdgeSpan('request', undefined)).toBeUndefined();
    expect(await gateway.request('probe.run', {}, { timeoutMs: 30_000 })).toBe('stored');
  });
});

describe('the field of a request', () => {
  const message = (traceparent: unknown) => encode({ id: 1, method: 'a.b', body: null, traceparent });
  test('has the form of W3C Trace Context or the link is closed', () => {
    expect(parseRequest(message('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')).traceparent).toBeDefined();
    for (const odd of ['', '01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01', 'x'.repeat(10_000), 5, null])
      expect(() => parseRequest(message(odd))).toThrow(expect.objectContaining({ code: 'link.malformed' }));
    expect(parseTraceParent('00-00000000000000000000000000000000-0000000000000000-01')).toBeUndefined();
  });
});

test('spans reach a collector over OTLP, as the environment names it', async () => {
  const paths: string[] = [];
  const collector = createServer((request, response) => {
    paths.push(request.url!);
    request.resume().on('end', () => response.setHeader('content-type', 'application/json').end('{}'));
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const options = tracingFromEnvironment('gateway', { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}` });
  stop = await startTracing(options!);
  startEdgeSpan('request', undefined)!.end('GET /', {}, false);
  await stop();
  stop = undefined;
  await new Promise((resolve) => collector.close(resolve));
  expect(paths).toEqual(['/v1/traces']);
  expect(tracingFromEnvironment('gateway', {})).toBeUndefined();
});
