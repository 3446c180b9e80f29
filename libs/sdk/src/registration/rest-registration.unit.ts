import { describe, expect, test } from '@jest/globals';
import { consentHash, type SignedConsent, sessionIdOf } from '@boop/identity';
import { envelopeHashes, type LogEntry, registrationLinkOf, type RegistrationReceipt, type SealedSplit, splitHash } from '@boop/protocol';
import { createFakeNetwork, registrationContext, testKey } from '../fixtures/fake-network.ts';
import { palmCapture } from '../fixtures/palms.ts';
import { createRegistrationClient, type RegisterInput } from './registration-client.ts';

const network = await createFakeNetwork();
const consentText = { version: 'c1', locale: 'en', title: 'Your palm', text: 'What happens with it.' };
const [linkSecret, ownSecret] = ['A'.repeat(43), 'B'.repeat(43)];
const link = registrationLinkOf('https://boop.example', { registrationId: 'reg_1', secret: linkSecret, positions: ['right-palm'] });
const captures = [0, 1, 2].map((capture) => palmCapture(1, capture));

interface Asked {
  readonly step: string;
  readonly body: { readonly secret: string; readonly consent?: SignedConsent; readonly split?: SealedSplit };
}

/** A gateway that registers whoever holds the secret; a test may answer a step itself. */
class FakeGateway {
  readonly context = registrationContext();
  readonly asked: Asked[] = [];
  readonly answers: Record<string, () => Response | Error | undefined> = {};
  receipt: RegistrationReceipt | undefined;

  readonly fetch = (async (input: string | URL | Request, init: RequestInit = {}) => {
    const step = new URL(String(input)).pathname.replace('/v1/registrations/reg_1/', '');
    const asked = { step, body: JSON.parse(String(init.body)) as Asked['body'] };
    this.asked.push(asked);
    if (step === 'completion') this.receipt = this.#receiptOf(asked.body.split!);
    const own = this.answers[step]?.();
    if (own instanceof Error) throw own;
    return own ?? Response.json(this.#usual(step));
  }) as typeof fetch;

  get steps(): string[] {
    return this.asked.map(({ step }) => step);
  }

  #usual(step: string): unknown {
    if (step === 'samples') return { accepted: true, remaining: 0 };
    if (step === 'completion') return this.receipt;
    return { context: this.context, secret: ownSecret, consentText, network: network.info, sampleQualityMin: 80, state: this.receipt ? 'done' : 'samples', samples: {}, ...(this.receipt && { receipt: this.receipt }) };
  }

  #receiptOf(split: SealedSplit): RegistrationReceipt {
    const consent = this.asked.find(({ step }) => step === 'consent')!.body.consent!;
    const entry = { v: 1, networkId: 'test-net', epoch: 1, time: 1, kind: 'registration', session: sessionIdOf(this.context), consent: consentHash(consent), split: splitHash({ header: split.header, hashes: envelopeHashes(split) }), verified: true } as LogEntry;
    const { logEntry, ...receipt } = network.receipts(entry);
    return { registrationId: 'reg_1', registeredAt: 'now', positions: [...this.context.positions], verified: true, logEntry, receipt };
  }
}

const register = (gateway: FakeGateway, input: Partial<RegisterInput> = {}) =>
  createRegistrationClient({ gatewayUrl: 'https://gateway.test', ports: { fetch: gateway.fetch } }).register({ accountKey: testKey(7), positions: { 'right-palm': captures }, onConsent: () => Promise.resolve(true), link, ...input });

describe('a registration without a WebSocket', () => {
  test('opens the session of the link, goes on by its own secret, and gives a checked receipt', async () => {
    const gateway = new FakeGateway();
    expect(await register(gateway)).toMatchObject({ registrationId: 'reg_1', verified: true });
    expect(gateway.steps).toEqual(['session', 'consent', 'samples', 'samples', 'samples', 'completion']);
    expect(gateway.asked.map(({ body }) => body.secret)).toEqual([linkSecret, ...Array.from({ length: 5 }, () => ownSecret)]);
  });

  test('finds the receipt when the answer was lost', async () => {
    const gateway = new FakeGateway();
    gateway.answers['completion'] = () => new TypeError('fetch failed');
    expect(await register(gateway)).toMatchObject({ registrationId: 'reg_1' });
    expect(gateway.steps.slice(-2)).toEqual(['completion', 'session']);
  });

  test('passes on why the nodes refuse, and ends the session', async () => {
    const gateway = new FakeGateway();
    gateway.answers['completion'] = () => Response.json({ type: 'about:blank', title: 'x', status: 409, code: 'registration.duplicate', retryAllowed: false }, { status: 409 });
    await expect(register(gateway)).rejects.toMatchObject({ code: 'registration.duplicate', kind: 'rejected' });
    expect(gateway.steps.at(-1)).toBe('session/cancel');
  });

  test('does not ask a second time for what a link gives once', async () => {
    const gateway = new FakeGateway();
    gateway.answers['session'] = () => new TypeError('fetch failed');
    await expect(register(gateway)).rejects.toMatchObject({ code: 'connection.lost' });
    expect(gateway.steps.filter((step) => step === 'session')).toHaveLength(1);
  });

  test('needs a link', async () => {
    const gateway = new FakeGateway();
    const input = { accountKey: testKey(7), positions: { 'right-palm': captures }, onConsent: () => Promise.resolve(true) };
    await expect(createRegistrationClient({ gatewayUrl: 'https://gateway.test', ports: { fetch: gateway.fetch } }).register(input)).rejects.toMatchObject({ code: 'link.malformed' });
    expect(gateway.steps).toEqual([]);
  });

  test('sends nothing more when the person declines', async () => {
    const gateway = new FakeGateway();
    await expect(register(gateway, { onConsent: () => Promise.resolve(false) })).rejects.toMatchObject({ code: 'consent.missing' });
    expect(gateway.steps).toEqual(['session', 'session/cancel']);
  });
});
