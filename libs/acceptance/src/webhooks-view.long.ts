import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { type RunningNetwork, startNetwork, until } from './network-harness.ts';
import { hasBrowser, OwnerPage } from './owner-page.ts';

interface Arrived {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const palm = 4711;
const waitMs = 60_000;
const arrived: Arrived[] = [];
const complaints: string[] = [];
let network: RunningNetwork;
let receiver: Server;
let url: string;
let view: OwnerPage;
let first: string;

const isSignedBy = (secret: string, { headers, body }: Arrived): boolean => {
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>);
    return true;
  } catch {
    return false;
  }
};
/** Waits until so many deliveries have arrived. */
const arrive = async (count: number): Promise<void> => await until(() => arrived.length >= count, waitMs);
const secretShown = async (): Promise<string> => await view.page.locator('[data-secret]').innerText();
const rowsOf = (status: string) => view.page.locator('tr[data-event="authentication.succeeded"]', { hasText: status });
const shows = async (count: number, status: string): Promise<void> =>
  await until(async () => {
    await view.page.getByRole('button', { name: 'Refresh' }).click();
    return (await rowsOf(status).count()) === count;
  }, waitMs);

beforeAll(async () => {
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      arrived.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hooks`;
  network = await startNetwork({ nodes: 4, threshold: 1 });
}, 300_000);

afterAll(async () => {
  await view?.close();
  receiver?.close();
  await network?.dispose();
}, 120_000);

// The tests tell one story, in order.
(hasBrowser() ? describe : describe.skip)('the console in a browser', () => {
  test('shows an administrator the nodes, and a sentence where the key is wrong', async () => {
    view = await OwnerPage.open(`http://127.0.0.1:${network.portBase}`);
    // A log without a checkpoint says so by 404.
    view.page.on('console', (message) => message.type() === 'error' && !message.location().url.endsWith('/checkpoint') && complaints.push(`${message.text()} ${message.location().url}`));
    await view.page.goto(`http://127.0.0.1:${network.portBase}/`);
    const key = view.page.getByLabel('Admin key');
    await key.fill('no key');
    await view.page.getByRole('button', { name: 'Watch' }).click();
    await view.page.getByRole('alert').filter({ hasText: 'credential' }).waitFor();
    await key.fill(network.credentials.admin.key);
    await view.page.getByRole('button', { name: 'Watch' }).click();
    await view.page.getByText('● ready').nth(3).waitFor();
  }, 180_000);

  test('makes a vendor’s endpoint and shows its secret once', async () => {
    await view.register(palm);
    await view.page.getByRole('link', { name: 'Webhooks' }).click();
    await view.page.getByLabel('API key').fill(network.credentials.vendor.apiKey);
    await view.page.getByRole('button', { name: 'Show' }).click();
    await view.page.getByText('This vendor has no endpoints.').waitFor();
    await view.page.getByLabel('Address').fill(url);
    await view.page.getByRole('button', { name: 'Add' }).click();
    first = await secretShown();
    expect(first).toMatch(/^whsec_/);
    await view.page.getByRole('button', { name: 'I have kept it' }).click();
    await view.page.reload();
    await view.page.locator('[data-endpoint]', { hasText: url }).waitFor();
    expect(await view.page.content()).not.toContain(first);
  }, 180_000);

  test('shows the delivery of an authentication at the simulated scanner, which the receiver verifies', async () => {
    await view.page.getByRole('link', { name: 'Scanner' }).click();
    const credentials = view.page.getByLabel(/Development credentials/);
    await credentials.fill('{');
    await view.page.getByRole('button', { name: /^Present/ }).click();
    await view.page.getByRole('alert').filter({ hasText: 'not the content of dev-credentials.json' }).waitFor();
    await credentials.fill(network.read('dev-credentials.json'));
    await view.page.getByLabel('Synthetic palm number').fill(String(palm));
    await view.page.getByRole('button', { name: /^Present/ }).click();
    await view.page.getByText('Recognised').waitFor();
    await arrive(1);
    expect(arrived.map((one) => isSignedBy(first, one))).toEqual([true]);
    await view.page.getByRole('link', { name: 'Webhooks' }).click();
    await shows(1, 'delivered');
    expect(await rowsOf('delivered').innerText()).toMatch(/authentication\.succeeded\s+evt_\S+\s+delivered\s+1\s+204/);
  }, 180_000);

  test('rotates the secret, and delivers again under the same id, signed by both', async () => {
    await view.page.getByRole('button', { name: /^New secret/ }).click();
    await view.page.getByText('the one before signs too until').waitFor();
    const second = await secretShown();
    expect(second).not.toBe(first);
    await rowsOf('delivered').getByRole('button', { name: 'Deliver again' }).click();
    await view.says('One event will be delivered again.');
    await arrive(2);
    const [before, again] = arrived;
    expect([isSignedBy(second, before!), isSignedBy(first, again!), isSignedBy(second, again!)]).toEqual([false, true, true]);
    expect(again!.headers['webhook-id']).toBe(before!.headers['webhook-id']);
    await shows(2, 'delivered');
    await view.page.getByLabel('All events since').fill('2000-01-01T00:00');
    await view.page.locator('form', { hasText: 'All events since' }).getByRole('button', { name: 'Deliver again' }).click();
    await view.says(/will be delivered again/);
    await arrive(3);
    await view.page.getByLabel('Deliveries').selectOption('failed');
    await view.page.getByText('None yet.').waitFor();
  }, 180_000);

  test('still knows what happened meanwhile, and had nothing to complain of', async () => {
    await view.page.getByRole('link', { name: 'Network' }).click();
    await view.page.getByRole('row', { name: /authentication ok yes/ }).waitFor();
    expect(view.complaints).toEqual([]);
    expect(complaints).toEqual([]);
  }, 180_000);

  test('answers the code on somebody’s screen as a scanner does', async () => {
    const call = async (path: string, body?: object) =>
      (await (await fetch(`${network.gatewayUrl}/v1/authentications${path}`, { headers: { authorization: `Bearer ${network.credentials.vendor.apiKey}`, 'content-type': 'application/json' }, ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}) })).json()) as { id: string; status: string; link: string };
    const asked = await call('', { type: 'access', contextId: 'order.1' });
    await view.page.goto(asked.link);
    await view.page.getByText('This answers the code that you have read.').waitFor();
    await view.page.getByLabel('Synthetic palm number').fill(String(palm));
    await view.page.getByRole('button', { name: /^Present/ }).click();
    await view.page.locator('.result', { hasText: /^Recognised/ }).waitFor();
    expect((await call('/order.1')).status).toBe('succeeded');
    expect([...view.complaints, ...complaints]).toEqual([]);
  }, 180_000);
});
