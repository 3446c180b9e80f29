import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type LookupFunction } from 'node:net';
import { type WebhookFailure } from '@boop/protocol';
import { allowedAddress, type Resolve, type ResolvedAddress, systemResolve } from './address-guard.ts';

const timeoutMs = 10_000;
/** Of an answer no more is read, and none of it is kept. */
const answerBytesMax = 16_384;

export interface Outgoing {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Sent = { readonly ok: true; readonly answer: number } | { readonly ok: false; readonly failure: WebhookFailure; readonly answer?: number };
export type SendWebhook = (outgoing: Outgoing) => Promise<Sent>;

/** Posts to receivers on the Internet; in a test network also to this machine, and without TLS. */
export const webhookSender = ({ testNetwork, resolve = systemResolve }: { testNetwork: boolean; resolve?: Resolve }): SendWebhook => async (outgoing) => {
  const url = new URL(outgoing.url);
  if (url.protocol !== 'https:' && !testNetwork) return { ok: false, failure: 'address-refused' };
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    const address = await Promise.race([allowedAddress(url.hostname, testNetwork, resolve), aborted(deadline)]);
    if (!address) return { ok: false, failure: 'address-refused' };
    return await post(url, address, outgoing, deadline);
  } catch {
    return { ok: false, failure: deadline.aborted ? 'timeout' : 'unreachable' };
  }
};

/** Connects to the address that was checked, whatever the name resolves to by now; never follows a redirect. */
function post(url: URL, pinned: ResolvedAddress, { headers, body }: Outgoing, signal: AbortSignal): Promise<Sent> {
  const lookup: LookupFunction = (_hostname, options, done) => (options.all ? done(null, [{ address: pinned.address, family: pinned.family }]) : done(null, pinned.address, pinned.family));
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) }, lookup, agent: false, signal });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const answer = response.statusCode ?? 0;
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= answerBytesMax) return;
        resolve({ ok: false, failure: 'too-large', answer });
        outgoing.destroy();
      });
      response.on('error', reject);
      response.on('end', () => resolve(verdictOf(answer)));
    });
    outgoing.end(body);
  });
}

function verdictOf(answer: number): Sent {
  if (answer >= 200 && answer < 300) return { ok: true, answer };
  return { ok: false, failure: answer >= 300 && answer < 400 ? 'redirect' : 'status', answer };
}

const aborted = (signal: AbortSignal): Promise<never> => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('timed out')), { once: true }));
