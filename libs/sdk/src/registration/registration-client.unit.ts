import { afterEach, describe, expect, test } from '@jest/globals';
import { decodeImage, encodePalm, fuse, validCells } from '@boop/biometric';
import { consentHash, type SignedConsent, sessionIdOf, verifyConsent } from '@boop/identity';
import { palmStatistic, reconstructTemplate } from '@boop/mpc';
import { cutShares, envelopeHashes, type LogEntry, registrationLinkOf, type SealedSplit, splitHash } from '@boop/protocol';
import { partyId } from '@boop/shared';
import { createFakeNetwork, registrationContext, testKey } from '../fixtures/fake-network.ts';
import { blankCapture, palmCapture } from '../fixtures/palms.ts';
import { type ReceivedMessage, type ScriptedBridge, type ScriptedConnection, startScriptedBridge, until } from '../fixtures/scripted-bridge.ts';
import { createRegistrationClient, type RegisterInput, type RegistrationProgress } from './registration-client.ts';

const network = await createFakeNetwork();
const accountKey = testKey(7);
const consentText = { version: 'c1', locale: 'en', title: 'Your palm', text: 'What happens with it.' };
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

type Answer = (message: ReceivedMessage, connection: ScriptedConnection) => object[];

/** A bridge that accepts everything, but for the message types that the test answers itself. */
class FakeRegistration {
  readonly context = registrationContext();
  bridge!: ScriptedBridge;
  readonly answers: Record<string, Answer> = {};
  signers = [1, 2, 3];
  #offset = 0;

  async start(): Promise<this> {
    this.bridge = await startScriptedBridge((message, connection) => {
      for (const answer of (this.answers[message.type] ?? this.#usual)(message, connection)) connection.send(answer);
    });
    cleanUp.push(() => this.bridge.close());
    return this;
  }

  event(message: object): object {
    this.#offset += 1;
    return { epoch: 'e', offset: this.#offset, ...message };
  }

  welcome(message: ReceivedMessage): object {
    return { type: 'registration_hello_response', re: message.id, epoch: 'e', offset: this.#offset, recovered: true, heartbeatMs: 30_000, context: this.context, secret: 's3cret', consentText, network: network.info, sampleQualityMin: 80 };
  }

  sent(type: string): ReceivedMessage[] {
    return this.bridge.received.filter((message) => message.type === type);
  }

  get consent(): SignedConsent {
    return this.sent('give_consent')[0]!['consent'] as SignedConsent;
  }

  get split(): SealedSplit {
    return this.sent('complete_registration').at(-1)!['split'] as SealedSplit;
  }

  succeeded(changes: Partial<LogEntry> = {}): object {
    const entry = { v: 1, networkId: 'test-net', epoch: 1, time: 1, kind: 'registration', session: sessionIdOf(this.context), consent: consentHash(this.consent), split: splitHash({ header: this.split.header, hashes: envelopeHashes(this.split) }), verified: true, ...changes } as LogEntry;
    const { logEntry, ...receipt } = network.receipts(entry, this.signers);
    return this.event({ type: 'registration_succeeded', receipt: { registrationId: 'reg_1', registeredAt: 'now', positions: this.context.positions, verified: true, logEntry, receipt } });
  }

  #usual: Answer = (message) => {
    if (message.type === 'registration_hello') return [this.welcome(message), this.event({ type: 'registration_progress', step: 'consent' })];
    if (message.type === 'give_consent') return [this.event({ type: 'consent_recorded' })];
    if (message.type === 'complete_registration') return [this.event({ type: 'registration_progress', step: 'de-duplicating' }), this.succeeded()];
    if (message.type !== 'sample_captured') return [];
    const { position, index, quality } = message as unknown as { position: string; index: number; quality: { score: number } };
    return [this.event(quality.score >= 80 ? { type: 'sample_accepted', position, index, remaining: 2 - index } : { type: 'sample_rejected', position, index, quality })];
  };
}

const captures = (identity: number): Uint8Array[] => [0, 1, 2].map((capture) => palmCapture(identity, capture));

function register(fake: FakeRegistration, input: Partial<RegisterInput> = {}) {
  return createRegistrationClient({ bridgeUrl: fake.bridge.url }).register({ accountKey, positions: { 'right-palm': captures(1) }, onConsent: () => Promise.resolve(true), ...input });
}

describe('a registration', () => {
  test('asks, captures, splits, and gives a receipt that binds consent and split', async () => {
    const fake = await new FakeRegistration().start();
    const progress: RegistrationProgress[] = [];
    const texts: string[] = [];
    const receipt = await register(fake, { onProgress: (each) => progress.push(each), onConsent: ({ text }) => Promise.resolve(texts.push(text) > 0) });
    expect(receipt).toMatchObject({ registrationId: 'reg_1', verified: true });
    expect(texts).toEqual([consentText.text]);
    expect(progress.map(({ step }) => step)).toEqual(['consent', 'sample', 'sample', 'sample', 'de-duplicating']);

    verifyConsent(fake.consent, { networkId: 'test-net', registrationId: 'reg_1', texts: [consentText] });
    const { split } = fake;
    expect(split.deviceKey).toBe(fake.consent.record.accountKey);
    expect(split.header).toMatchObject({ purpose: 'registration', sessionId: sessionIdOf(fake.context), splitAt: 'edge' });
    const opened = (await network.open(split)).map((plaintext) => cutShares(plaintext, 4, palmStatistic.coordinates * 2));
    const rebuilt = [0, 1, 2, 3].map((item) => reconstructTemplate(new Map([1, 3].map((party) => [partyId(party), opened[party - 1]![item]!])), palmStatistic, 1));
    const samples = captures(1).map((capture) => encodePalm(decodeImage(capture)).template);
    const templates = [fuse(samples), ...samples];
    expect(rebuilt).toEqual(templates.map(({ values }) => values));
    const purposes = [{ role: 'reference', position: 'right-palm' }, ...[0, 1, 2].map((index) => ({ role: 'sample', position: 'right-palm', index }))];
    expect(split.header.items).toEqual(purposes.map((purpose, at) => ({ ...purpose, valid: validCells(templates[at]!) })));
  });

  test('that renews says so in the consent, and takes no receipt of anything else', async () => {
    const renews = 'R'.repeat(43);
    const fake = await new FakeRegistration().start();
    await expect(register(fake, { renews })).rejects.toMatchObject({ code: 'receipt.invalid' });
    fake.answers['complete_registration'] = () => [fake.succeeded({ kind: 're-enrolment' })];
    fake.bridge.received.length = 0;
    await expect(register(fake, { renews })).resolves.toMatchObject({ verified: true });
    verifyConsent(fake.consent, { networkId: 'test-net', registrationId: 'reg_1', texts: [consentText] });
    expect(fake.consent.record).toMatchObject({ renews, accountKey: accountKey.publicKey });
    fake.bridge.received.length = 0;
    await expect(register(fake)).rejects.toMatchObject({ code: 'receipt.invalid' });
  });

  test('without consent nothing is encoded or sent, and the session is cancelled', async () => {
    const fake = await new FakeRegistration().start();
    let captured = 0;
    const source = () => Promise.resolve(palmCapture(1, captured++));
    await expect(register(fake, { onConsent: () => Promise.resolve(false), positions: { 'right-palm': source } })).rejects.toMatchObject({ code: 'consent.missing' });
    await until(() => fake.bridge.received.length > 1);
    expect([captured, fake.bridge.received.map(({ type }) => type)]).toEqual([0, ['registration_hello', 'cancel_registration']]);
  });

  test('names the sample that is too poor, and why', async () => {
    const fake = await new FakeRegistration().start();
    const positions = { 'right-palm': [palmCapture(1, 0), blankCapture(), palmCapture(1, 2)] };
    await expect(register(fake, { positions })).rejects.toMatchObject({ code: 'capture.low-quality', sample: { position: 'right-palm', index: 1 }, quality: { reasons: ['blank'] } });
    expect(fake.sent('complete_registration')).toHaveLength(0);
  });

  test('asks a scanner again with the reasons, but not for ever', async () => {
    const fake = await new FakeRegistration().start();
    const asked: [number, number, readonly string[] | undefined][] = [];
    const source: Extract<RegisterInput['positions']['right-palm'], (...input: never[]) => unknown> = ({ index, attempt, previous }) => {
      asked.push([index, attempt, previous?.reasons]);
      return Promise.resolve(index === 0 && attempt < 3 ? blankCapture() : palmCapture(1, index));
    };
    await register(fake, { positions: { 'right-palm': source } });
    expect(asked).toEqual([[0, 1, undefined], [0, 2, ['blank']], [0, 3, ['blank']], [1, 1, undefined], [2, 1, undefined]]);
    await expect(register(fake, { positions: { 'right-palm': () => Promise.resolve(blankCapture()) } })).rejects.toMatchObject({ code: 'capture.low-quality' });
  });

  test('finds here that the samples are not of one palm', async () => {
    const fake = await new FakeRegistration().start();
    const positions = { 'right-palm': [palmCapture(1, 0), palmCapture(1, 1), palmCapture(2, 0)] };
    await expect(register(fake, { positions })).rejects.toMatchObject({ code: 'registration.samples-disagree', retryAllowed: true });
    expect(fake.sent('complete_registration')).toHaveLength(0);
  });

  test.each([
    ['no palm', {}],
    ['two captures', { 'right-palm': captures(1).slice(1) }],
  ])('refuses %s', async (_, positions) => {
    const fake = await new FakeRegistration().start();
    await expect(register(fake, { positions })).rejects.toMatchObject({ code: 'registration.incomplete' });
  });

  test('passes on that the palm is registered already', async () => {
    const fake = await new FakeRegistration().start();
    fake.answers['complete_registration'] = (message) => [
      fake.event({ type: 'registration_failed', code: 'registration.duplicate', message: 'This palm is registered already', retryAllowed: false }),
      { type: 'error', re: message.id, code: 'registration.duplicate', message: 'again', retryAllowed: false },
    ];
    await expect(register(fake)).rejects.toMatchObject({ code: 'registration.duplicate', kind: 'rejected', retryAllowed: false });
  });

  test('goes on in the same session after a lost connection', async () => {
    const fake = await new FakeRegistration().start();
    fake.answers['complete_registration'] = (_, connection) => {
      if (connection.index === 0) connection.drop();
      return connection.index === 0 ? [] : [fake.succeeded()];
    };
    expect(await register(fake)).toMatchObject({ registrationId: 'reg_1' });
    const [first, second] = fake.sent('registration_hello');
    expect(first).toMatchObject({ positions: ['right-palm'] });
    expect(second).toMatchObject({ session: { registrationId: 'reg_1', secret: 's3cret' }, resume: { epoch: 'e' } });
    expect(second).not.toHaveProperty('positions');
  });

  test('opens the session of a link, and goes on in it by its own secret', async () => {
    const fake = await new FakeRegistration().start();
    fake.answers['complete_registration'] = (_, connection) => {
      if (connection.index === 0) connection.drop();
      return connection.index === 0 ? [] : [fake.succeeded()];
    };
    const invitation = { registrationId: 'reg_1', secret: 'A'.repeat(43) };
    await register(fake, { link: registrationLinkOf('https://boop.example', { ...invitation, positions: ['right-palm'] }) });
    const [first, second] = fake.sent('registration_hello');
    expect(first).toMatchObject({ session: invitation });
    expect(first).not.toHaveProperty('positions');
    expect(second).toMatchObject({ session: { registrationId: 'reg_1', secret: 's3cret' } });
  });

  test.each([
    ['link.malformed', 'https://boop.example/#/register'],
    ['registration.incomplete', registrationLinkOf('https://boop.example', { registrationId: 'reg_1', secret: 'A'.repeat(43), positions: ['left-palm'] })],
  ])('refuses with %s without using the link up', async (code, link) => {
    const fake = await new FakeRegistration().start();
    await expect(register(fake, { link })).rejects.toMatchObject({ code });
    expect(fake.bridge.received).toEqual([]);
  });

  test.each([
    ['of one node', (fake: FakeRegistration) => void (fake.signers = [2]), {}],
    ['for another split', () => undefined, { split: sessionIdOf(registrationContext({ registrationId: 'x' })) }],
    ['for another consent', () => undefined, { consent: sessionIdOf(registrationContext({ registrationId: 'x' })) }],
  ])('refuses a receipt %s', async (_, prepare, changes) => {
    const fake = await new FakeRegistration().start();
    prepare(fake);
    fake.answers['complete_registration'] = () => [fake.succeeded(changes)];
    await expect(register(fake)).rejects.toMatchObject({ code: 'receipt.invalid' });
  });

  test('refuses the receipt of another registration', async () => {
    const fake = await new FakeRegistration().start();
    fake.answers['complete_registration'] = () => {
      const message = fake.succeeded() as { receipt: object };
      return [{ ...message, receipt: { ...message.receipt, registrationId: 'reg_2' } }];
    };
    await expect(register(fake)).rejects.toMatchObject({ code: 'receipt.invalid' });
  });

  test('asks consent to nothing when the network is not the pinned one', async () => {
    const fake = await new FakeRegistration().start();
    const stranger = await createFakeNetwork({ seed: 2 });
    const client = createRegistrationClient({ bridgeUrl: fake.bridge.url, pin: stranger.info });
    let asked = false;
    await expect(client.register({ accountKey, positions: { 'right-palm': captures(1) }, onConsent: () => Promise.resolve((asked = true)) })).rejects.toMatchObject({ code: 'network.mismatch' });
    expect(asked).toBe(false);
  });

  test('ends by its signal', async () => {
    const fake = await new FakeRegistration().start();
    const controller = new AbortController();
    fake.answers['give_consent'] = () => (controller.abort(new Error('walked away')), []);
    await expect(register(fake, { signal: controller.signal })).rejects.toThrow('walked away');
  });
});
