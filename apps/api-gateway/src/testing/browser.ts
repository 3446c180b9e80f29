import { AssertionError } from 'node:assert';

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Where a redirect leads, absolute. */
  readonly location: string | undefined;
}

/** As much of a browser as a sign-in takes: cookies by path, forms, and redirects that stay at the gateway. */
export class Browser {
  readonly #origin: string;
  readonly #fetch: typeof fetch;
  #cookies: Cookie[] = [];

  /** @param origin of the gateway as it calls itself */
  constructor(origin: string, fetchPort: typeof fetch) {
    this.#origin = origin;
    this.#fetch = fetchPort;
  }

  get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.#send(url, { headers });
  }

  post(url: string, form: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<Answer> {
    return this.#send(url, { method: 'POST', headers: { origin: this.#origin, 'content-type': 'application/x-www-form-urlencoded', ...headers }, body: new URLSearchParams(form).toString() });
  }

  postJson(url: string, body: unknown): Promise<Answer> {
    return this.#send(url, { method: 'POST', headers: { origin: this.#origin, 'content-type': 'application/json' }, body: JSON.stringify(body) });
  }

  /** Follows redirects as long as they stay at the gateway. @returns the page that it ends at, or the redirect that leads away */
  async follow(first: Answer): Promise<Answer> {
    let answer = first;
    for (let hops = 0; answer.location?.startsWith(this.#origin); hops++) {
      if (hops > 10) throw new AssertionError({ message: 'redirected in circles' });
      answer = await this.get(answer.location);
    }
    return answer;
  }

  /** Submits the form that a page holds, as its script would. */
  async submit(page: Answer, fields: Record<string, string> = {}): Promise<Answer> {
    const action = /<form[^>]*action="([^"]+)"/.exec(page.text)?.[1];
    if (action === undefined) throw new AssertionError({ message: `no form in ${page.text}` });
    const hidden = [...page.text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name!, value!] as const);
    return await this.follow(await this.post(action, { ...Object.fromEntries(hidden), ...fields }));
  }

  async #send(url: string, init: RequestInit): Promise<Answer> {
    const target = new URL(url, this.#origin);
    const cookies = this.#cookies.filter(({ path }) => target.pathname.startsWith(path));
    const response = await this.#fetch(target, { ...init, redirect: 'manual', headers: { ...init.headers, ...(cookies.length ? { cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') } : {}) } });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    const location = response.headers.get('location');
    return { status: response.status, headers: response.headers, text: await response.text(), location: location === null ? undefined : new URL(location, target).href };
  }

  #keep(line: string): void {
    const [pair, ...attributes] = line.split(';').map((part) => part.trim());
    const [name, value] = [pair!.slice(0, pair!.indexOf('=')), pair!.slice(pair!.indexOf('=') + 1)];
    const path = attributes.find((each) => /^path=/i.test(each))?.slice(5) ?? '/';
    this.#cookies = this.#cookies.filter((cookie) => cookie.name !== name || cookie.path !== path);
    if (value !== '') this.#cookies.push({ name, value, path });
  }
}
