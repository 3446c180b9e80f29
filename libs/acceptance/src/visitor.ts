/** What a visitor sees: a page of the gateway, or where the visit led away from it. */
export interface Seen {
  readonly text: string;
  readonly leftTo: string | undefined;
}

const hopsMax = 10;

/** A person's browser at the gateway's pages: keeps cookies by path, submits forms, follows redirects until they lead elsewhere. */
export class Visitor {
  readonly #origin: string;
  readonly #cookies = new Map<string, { pair: string; path: string }>();

  constructor(gatewayUrl: string) {
    this.#origin = new URL(gatewayUrl).origin;
  }

  open(url: string): Promise<Seen> {
    return this.#follow(url, {});
  }

  post(path: string, fields: Record<string, string> = {}): Promise<Seen> {
    return this.#follow(path, { method: 'POST', body: new URLSearchParams(fields), headers: { origin: this.#origin } });
  }

  /** Fills in and submits the form of a page. */
  submit({ text }: Seen, fields: Record<string, string> = {}): Promise<Seen> {
    const hidden = [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name!, value!] as const);
    return this.post(/<form[^>]* action="([^"]+)"/.exec(text)![1]!, { ...Object.fromEntries(hidden), ...fields });
  }

  async #follow(target: string, init: RequestInit): Promise<Seen> {
    let url = new URL(target, this.#origin);
    let response = await this.#send(url, init);
    for (let hops = 0; response.headers.has('location'); hops++) {
      url = new URL(response.headers.get('location')!, url);
      if (url.origin !== this.#origin) return { text: '', leftTo: url.href };
      if (hops === hopsMax) throw new Error('redirected in circles');
      response = await this.#send(url, {});
    }
    return { text: await response.text(), leftTo: undefined };
  }

  async #send(url: URL, init: RequestInit): Promise<Response> {
    const cookie = [...this.#cookies.values()].filter(({ path }) => url.pathname.startsWith(path)).map(({ pair }) => pair);
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { ...init.headers, ...(cookie.length ? { cookie: cookie.join('; ') } : {}) }, signal: AbortSignal.timeout(60_000) });
    for (const line of response.headers.getSetCookie()) {
      const path = /; *path=([^;]+)/i.exec(line)?.[1] ?? '/';
      const pair = line.split(';')[0]!;
      this.#cookies.set(`${pair.split('=')[0]} ${path}`, { pair, path });
    }
    return response;
  }
}
