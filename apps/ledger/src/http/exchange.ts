/** The parts of Fastify's request and reply that the controllers use. */
export interface HttpRequest {
  readonly id: string;
  readonly url: string;
  /** Address of the client, as trusted proxies tell it. */
  readonly ip: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface HttpReply {
  status(code: number): HttpReply;
  header(name: string, value: string): HttpReply;
  send(body: unknown): unknown;
}

/** Bytes that a URL names for ever (C2SP tlog-tiles: long-lived caching). */
export const IMMUTABLE = 'public, max-age=31536000, immutable';
/** A little caching spares the log a crowd and hides a new checkpoint for no longer than it takes to sign one. */
export const BRIEF = 'public, max-age=1';
