import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type OutageRequest, outageRequests } from './testing/outage-requests.ts';
import { eventually, TestGateway } from './testing/test-gateway.ts';

let g: TestGateway;
let requests: readonly OutageRequest[];
beforeAll(async () => {
  g = await TestGateway.start();
  requests = await outageRequests(g);
}, 120_000);
afterAll(() => g?.stop());

const answers = (): Promise<{ name: string; status: number; code: string | undefined; wait: string | null }[]> =>
  Promise.all(requests.map(async ([name, ask]) => {
    const { status, code, headers } = await ask();
    return { name, status, code, wait: headers.get('retry-after') };
  }));

test('while PostgreSQL is away everything that needs it says so, and is there again with it', async () => {
  const bridge = await g.bridge();
  try {
    expect((await answers()).filter(({ status }) => status >= 300)).toEqual([]);
    await g.killDatabase();
    const refused = await answers();
    expect(refused.filter(({ status, wait }) => status !== 503 || wait !== '2')).toEqual([]);
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['service.unavailable', 'temporarily_unavailable', undefined]));
    await expect(bridge.request('terminal.hello', { terminalId: 'till' }, { timeoutMs: 30_000 })).rejects.toMatchObject({ code: 'service.unavailable', kind: 'unavailable' });
    expect(await g.call('GET', '/readyz')).toMatchObject({ status: 503, body: { checks: { database: false } } });
    await g.startDatabase();
    await eventually(async () => (await answers()).every(({ status }) => status < 300));
    await expect(bridge.request('terminal.hello', { terminalId: 'till' }, { timeoutMs: 30_000 })).resolves.toEqual({});
  } finally {
    await bridge.close();
  }
}, 120_000);
