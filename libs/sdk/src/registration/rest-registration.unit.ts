import { describe, expect, test } from '@jest/globals';
import { consentHash, parseOwnerAuthorization, type SignedConsent, sessionIdOf, verifyOwnerCall } from '@boop/identity';
import { envelopeHashes, type LogEntry, registrationLinkOf, type RegistrationReceipt, type SealedSplit, splitHash, subjectPaths } from '@boop/protocol';
import { createFakeNetwork, registrationContext, testKey } from '../fixtures/fake-network.ts';
import { palmCapture } from '../fixtures/palms.ts';
import { pinOf } from '../network/network-pin.ts';
import { createRegistrationClient, type RegisterInput } from './registration-client.ts';

const network = await createFakeNetwork();
const consentText = { version: 'c1', locale: 'en', title: 'Your palm', text: 'What happens with it.' };
const [linkSecret, ownSecret] = ['A'.repeat(43), 'B'.repeat(43)];
const link = registrationLinkOf('https://boop.example', { registrationId: 'reg_1', secret: linkSecret, positions: ['right-palm'] });
const captures = [0, 1, 2].map((capture) => palmCapture(1, capture));

interface Asked {
  readonly step: string;
  readonly body: { readonly secret?: string; readonly consent?: SignedConsent; readonly split?: SealedSplit };
  readonly authorization: string | null;
}

/** A gateway that registers whoever holds the secret; a test may answer a step itself. */
class FakeGateway {
  readonly context = registrationContext();
  readonly asked: Asked[] = [];
  readonly answers: Record<string, () => Response | Error | undefined> = {};
  receipt: RegistrationReceipt | undefined;

  readonly fetch = (async (input: string | URL | Request, init: RequestInit = {}) => {
    const step = new URL(String(input)).pathname.replace('/v1/registrations/reg_1/', '');
    if (step === '/v1/network') return Response.json(network.info);
    const asked = { step, body: JSON.parse(String(init.body)) as Asked['body'], authorization: new Headers(init.headers).get('authorization') };
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
    const entry = { v: 1, networkId: 'test-net', epoch: 1, time: 1, kind: consent.record.renews === undefined ? 'registration' : 're-enrolment', session: sessionIdOf(this.context), consent: consentHash(consent), split: splitHash({ header: split.header, hashes: envelopeHashes(split) }), verified: true } as LogEntry;
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

  test('that renews opens a session of the person\'s own, by a signature of the account key for this once', async () => {
    const gateway = new FakeGateway();
    const renews = 'R'.repeat(43);
    const client = createRegistrationClient({ gatewayUrl: 'https://gateway.test', ports: { fetch: gateway.fetch } });
    await expect(client.register({ accountKey: testKey(7), positions: { 'right-palm': captures }, onConsent: () => Promise.resolve(true), renews, locale: 'de' })).resolves.toMatchObject({ verified: true });
    expect(gateway.steps).toEqual([subjectPaths.reEnrol, 'consent', 'samples', 'samples', 'samples', 'completion']);
    const [opening, consent] = gateway.asked as [Asked, Asked];
    expect(opening.body).toEqual({ positions: ['right-palm'], locale: 'de' });
    const call = parseOwnerAuthorization(opening.authorization!);
    verifyOwnerCall(call, { networkId: 'test-net', method: 'POST', path: subjectPaths.reEnrol, now: call.record.issuedAt });
    expect(call.record.accountKey).toBe(testKey(7).publicKey);
    expect(consent.body.consent!.record.renews).toBe(renews);
    expect(gateway.asked.slice(1).map(({ body, authorization }) => [body.secret, authorization])).toEqual(Array.from({ length: 5 }, () => [ownSecret, null]));
  });

  test('signs nothing for another network than the one it knows', async () => {
    const gateway = new FakeGateway();
    const client = createRegistrationClient({ gatewayUrl: 'https://gateway.test', pin: { ...pinOf(network.info), networkId: 'other-net' }, ports: { fetch: gateway.fetch } });
    await expect(client.register({ accountKey: testKey(7), positions: { 'right-palm': captures }, onConsent: () => Promise.resolve(true), renews: 'R'.repeat(43) })).rejects.toMatchObject({ code: 'network.mismatch' });
    expect(gateway.steps).toEqual([]);
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
