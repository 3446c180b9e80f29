import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTracing } from '@boop/platform';
import { type Authentication } from '@boop/protocol';
import { sealedProbe } from '../testing/probes.ts';
import { device, eventually, keys, TestGateway } from '../testing/test-gateway.ts';

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
}

let g: TestGateway;
const exported: string[] = [];
const collector = createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk)).on('end', () => {
    exported.push(text);
    response.setHeader('content-type', 'application/json').end('{}');
  });
});
let stop: () => Promise<void>;
beforeAll(async () => {
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  g = await TestGateway.start();
  stop = await startTracing({ serviceName: 'test', endpoint: `http://127.0.0.1:${(collector.address() as AddressInfo).port}` });
}, 120_000);
afterAll(async () => {
  await g.stop();
  await new Promise((resolve) => collector.close(resolve));
});

test('one authentication is one trace over gateway, node and ledger, and no span holds a key, a share or a name', async () => {
  const { body } = await g.call('POST', '/v1/authentications', { key: keys.shop, body: { type: 'access', terminalId: 'till', reference: 'order-of-a-person' } });
  const context = body as Authentication;
  const answer = await g.call('POST', `/v1/authentications/${context.id}/probe`, { key: keys.till, body: { split: await sealedProbe(g.nodes.manifest, context.sessionId, device) } });
  expect(answer.status).toBe(200);
  // The span of the append ends when the ledger's answer has come, and what is noted after that says so.
  await eventually(async () => (await g.sql('SELECT 1 FROM log_outbox WHERE acknowledged_at IS NOT NULL')).length > 0);
  await stop();
  const spans = exported.flatMap((text) => (JSON.parse(text) as { resourceSpans: { scopeSpans: { spans: OtlpSpan[] }[] }[] }).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
  const root = spans.find(({ name }) => name === 'POST /v1/authentications/:id/probe')!;
  const names = spans.filter(({ traceId }) => traceId === root.traceId).map(({ name }) => name);
  expect(names.filter((name) => name === 'authentication.run')).toHaveLength(2);
  expect(names).toContain('log.append');
  expect(exported.join()).not.toMatch(new RegExp(`${context.id}|${context.sessionId}|order-of-a-person|sk_test|tk_test|ciphertext|127\\.0\\.0\\.1`));
}, 120_000);
