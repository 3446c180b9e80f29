import { type Browser } from './browser.ts';
import { RelyingParty, uidOf } from './relying-party.ts';
import { keys, type TestGateway } from './test-gateway.ts';

export interface OutageAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** `code` of a problem document, or `error` of the OpenID provider. */
  readonly code: string | undefined;
}

export type OutageRequest = readonly [name: string, ask: () => Promise<OutageAnswer>];

/** One request of each way by which the gateway comes to its database. All succeed while that is there. */
export async function outageRequests(g: TestGateway): Promise<readonly OutageRequest[]> {
  const party = new RelyingParty(g);
  await party.register();
  const config = await party.configure();
  const browser = party.browser();
  const page = await browser.follow(await browser.get((await party.begin(config)).url.href));
  const login = `/login/${uidOf(page.text)}`;
  const form = { 'content-type': 'application/x-www-form-urlencoded', authorization: `Basic ${Buffer.from(`shop:${keys.shop}`).toString('base64')}` };
  const called = async (...request: Parameters<TestGateway['call']>): Promise<OutageAnswer> => {
    const { status, headers, body } = await g.call(...request);
    return { status, headers, code: body?.code ?? body?.error };
  };
  let count = 0;
  return [
    ['a list', () => called('GET', '/v1/vendors', { key: keys.admin })],
    ['a resource', () => called('GET', '/v1/terminals/till', { key: keys.shop })],
    ['a new context', () => called('POST', '/v1/authentications', { key: keys.shop, body: { type: 'access', terminalId: 'till' } })],
    ['a registration under a key', () => called('POST', '/v1/registrations', { key: keys.shop, body: { positions: ['right-palm'] }, headers: { 'idempotency-key': `key-${count++}` } })],
    ['a token', () => called('POST', '/oidc/token', { body: 'grant_type=client_credentials', headers: form })],
    ['a page of the sign-in', () => visit(browser, login)],
    ['what that page asks for', () => visit(browser, `${login}/state`)],
  ];
}

async function visit(browser: Browser, url: string): Promise<OutageAnswer> {
  const { status, headers } = await browser.get(url);
  return { status, headers, code: undefined };
}
