import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import * as client from 'openid-client';
import { type sessionIdOf } from '@boop/identity';
import { Browser } from './browser.ts';
import { sealedProbe } from './probes.ts';
import { device, keys, type TestGateway } from './test-gateway.ts';

export const callback = 'https://shop.example/callback';

/** A relying party with an unmodified openid-client, and the people before it. */
export class RelyingParty {
  readonly gateway: TestGateway;
  readonly issuer: string;
  /** Reaches the gateway where it really listens; it calls itself by its issuer. */
  readonly fetch: typeof fetch;
  #undo: () => void = () => undefined;

  constructor(gateway: TestGateway) {
    this.gateway = gateway;
    this.issuer = gateway.config.issuer;
    const { host } = new URL(this.issuer);
    this.fetch = (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      if (url.host === host) url.host = `127.0.0.1:${gateway.gateway.httpPort}`;
      return fetch(url, init);
    };
  }

  /**
   * Leads what the gateway sends to one address to another, as a name server would. There it has time to arrive: the provider gives up after 2.5 s and
   * doesn't come again, which a busy machine may take.
   */
  lead(from: string, to: string): void {
    const [real, undo] = [globalThis.fetch, this.#undo];
    globalThis.fetch = (input, init) => (String(input).startsWith(from) ? real(to, { ...init, signal: null }) : real(input, init));
    this.#undo = () => {
      globalThis.fetch = real;
      undo();
    };
  }

  close(): void {
    this.#undo();
  }

  async register(metadata: Record<string, unknown> = {}, key: string = keys.shop): Promise<void> {
    const response = await this.fetch(`${this.issuer}/v1/oidc-client`, { method: 'PUT', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, body: JSON.stringify({ redirect_uris: [callback], ...metadata }) });
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  }

  /** Discovery and configuration as the documentation of openid-client shows them. */
  async configure(clientId = 'shop', secret: string = keys.shop, authentication?: client.ClientAuth): Promise<client.Configuration> {
    return await client.discovery(new URL(this.issuer), clientId, secret, authentication, { execute: [client.allowInsecureRequests], [client.customFetch]: this.fetch as client.CustomFetch });
  }

  browser(): Browser {
    return new Browser(this.issuer, this.fetch);
  }

  /** Authorization request with PKCE. */
  async begin(config: client.Configuration, extra: Record<string, string> = {}) {
    const verifier = client.randomPKCECodeVerifier();
    const parameters = { redirect_uri: callback, scope: 'openid', code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...extra };
    return { verifier, parameters, url: client.buildAuthorizationUrl(config, parameters) };
  }

  /** Opens the sign-in page and lets somebody show a palm. @returns the redirect to the relying party */
  async signIn(url: URL | string, browser = this.browser()): Promise<URL> {
    const page = await browser.follow(await browser.get(String(url)));
    if (page.status !== 200) throw new Error(`${page.status} ${page.text}`);
    await this.present(contextOf(page.text));
    const back = await browser.follow(await browser.post(`/login/${uidOf(page.text)}/finish`));
    if (back.location === undefined) throw new Error(back.text);
    return new URL(back.location);
  }

  /** Somebody holds a palm over the till for a context. */
  async present(contextId: string): Promise<void> {
    const { body: open } = await this.gateway.call('GET', `/v1/authentications/${contextId}`, { key: keys.shop });
    const split = await sealedProbe(this.gateway.nodes.manifest, (open as { sessionId: ReturnType<typeof sessionIdOf> }).sessionId, device);
    const { status } = await this.gateway.call('POST', `/v1/authentications/${contextId}/probe`, { key: keys.till, body: { split } });
    if (status !== 200) throw new Error(`the probe was answered by ${status}`);
  }
}

export const contextOf = (page: string): string => /\/authenticate\/[^/"]+\/([^"/]+)"/.exec(page)![1]!;
export const uidOf = (page: string): string => /data-uid="([^"]+)"/.exec(page)![1]!;

export interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** The address at which a relying party is called back. */
export class Inbox {
  readonly received: Received[] = [];
  readonly #server: Server;
  status = 204;

  constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        this.received.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
        response.writeHead(this.status).end();
      });
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => void this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
