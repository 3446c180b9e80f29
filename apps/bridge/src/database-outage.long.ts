import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TestBridge } from './testing/test-bridge.ts';
import { TestClient } from './testing/test-client.ts';

let b: TestBridge;
const open: TestClient[] = [];
beforeAll(async () => {
  b = await TestBridge.start({ helloTimeoutMs: 60_000, heartbeatMs: 60_000 });
  b.script = (method) => (method === 'credential.check' ? { role: 'vendor', id: 'vendor-1' } : {});
  await b.sql(`INSERT INTO channel_streams VALUES ('vendor:vendor-1', 'epoch-1', 0)`);
}, 120_000);
afterAll(async () => {
  for (const { socket } of open) socket.terminate();
  await b?.stop();
});

async function hello(resume = {}): Promise<TestClient> {
  const client = new TestClient(`${b.url}/ws/vendor`);
  open.push(client);
  await client.send({ type: 'vendor_hello', id: 'h', apiKey: 'sk_test', ...resume });
  return client;
}

test('a bridge says that it can’t reach the database, keeps who is connected, and goes on when it is there again', async () => {
  const connected = await hello();
  await connected.next('vendor_hello_response');
  // The response comes before the last look at the history, which has to be over.
  await b.append('vendor:vendor-1', { type: 'context_expired', contextId: 'before' });
  await connected.next(({ contextId }) => contextId === 'before');
  for (let round = 1; round <= 5; round++) {
    await b.stopDatabase();
    const late = await hello();
    expect(await late.next(({ re }) => re === 'h')).toMatchObject({ type: 'error', code: 'service.unavailable', retryAllowed: true });
    expect(await late.closed).toBe(4500);
    await b.startDatabase();
    await b.append('vendor:vendor-1', { type: 'context_expired', contextId: `after ${round}` });
    expect(await connected.next(({ contextId }) => contextId === `after ${round}`)).toMatchObject({ offset: round + 1 });
    const back = await hello({ resume: { epoch: 'epoch-1', offset: round } });
    expect(await back.next('vendor_hello_response')).toMatchObject({ recovered: true });
    back.socket.terminate();
  }
}, 300_000);
