import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { consentHash, type ConsentText, giveConsent, type Position, type RegistrationContext, sessionIdOf, SigningKey, verifySignature } from '@boop/identity';
import { type LinkClient, systemRng } from '@boop/platform';
import { consentEntryOf, isRegistrationEntry, logEntryHash, parseLogEntry, type RegistrationReceipt, registrationServerMessage, type SealedSplit, type SplitItem } from '@boop/protocol';
import { BoopError, canonicalJson, fromBase64Url } from '@boop/shared';
import { eventually, keys, TestGateway } from './testing/test-gateway.ts';
import { sealedProbe } from './testing/probes.ts';

let g: TestGateway;
let bridge: LinkClient;
/** Each of another address: what one may open in a minute is less than what is tested here. */
let sessions = 0;
let session: { context: RegistrationContext; secret: string; consentText: ConsentText };
const account = SigningKey.generate(systemRng);
const good = { score: 90, reasons: [] };

beforeAll(async () => {
  g = await TestGateway.start({ config: { registrationsPerAddress: 60 } });
  bridge = await g.bridge();
}, 120_000);
afterAll(async () => {
  await bridge.close();
  await g.stop();
});
beforeEach(async () => {
  session = (await ask('registration.start', { positions: ['left-palm'], locale: 'de-CH', address: `test ${sessions++}` })) as typeof session;
});
afterEach(() => {
  Object.assign(g.nodes.behaviour, { decision: { accepted: true, reason: 'ok', verified: true }, losesRegistrations: false, undecided: [] });
  g.nodes.seen.length = 0;
});

const ask = (method: string, body: object): Promise<unknown> => bridge.request(method, body, { timeoutMs: 30_000 });
const id = (): string => session.context.registrationId;
const consentOf = (text = session.consentText, registrationId = id()) => giveConsent({ networkId: 'test-net', registrationId, text, givenAt: 5 }, account);
const consent = () => ask('registration.consent', { registrationId: id(), consent: consentOf() });
const sample = (index: number, quality: object = good, position: Position = 'left-palm') => ask('registration.sample', { registrationId: id(), position, index, quality });
const items: SplitItem[] = [{ role: 'reference', position: 'left-palm', valid: 900 }, ...[0, 1, 2].map((index): SplitItem => ({ role: 'sample', position: 'left-palm', index, valid: 900 }))];
const split = (header = {}, key = account): Promise<SealedSplit> => sealedProbe(g.nodes.manifest, sessionIdOf(session.context), key, { purpose: 'registration', items, ...header });
const complete = async (sealed?: SealedSplit) => ask('registration.complete', { registrationId: id(), split: sealed ?? (await split()) });
const events = () => g.events(`registration:${id()}`);
const row = async () => (await g.sql('SELECT state, version, samples, consent FROM registrations WHERE id = $1', [id()]))[0];
async function ready(): Promise<void> {
  await consent();
  for (const index of [0, 1, 2]) await sample(index);
}

describe('a registration', () => {
  test('goes from consent over samples to a receipt, and each step is an event', async () => {
    expect(session.consentText).toMatchObject({ version: 'v1-de' });
    await consent();
    expect(await sample(0, { score: 79, reasons: ['blurred'] })).toEqual({ accepted: false, remaining: 3 });
    for (const index of [0, 1, 2]) expect(await sample(index)).toEqual({ accepted: true, remaining: 2 - index });
    await complete();
    await eventually(async () => (await events()).some(({ type }) => type === 'registration_succeeded'));
    const seen = await events();
    expect(seen.map(({ type, step }) => step ?? type)).toEqual(['consent', 'consent_recorded', 'samples', 'sample_rejected', 'sample_accepted', 'sample_accepted', 'sample_accepted', 'checking-samples', 'done', 'registration_succeeded']);
    for (const [i, payload] of seen.entries()) registrationServerMessage.parse({ ...payload, epoch: 'e', offset: i + 1 });
    const { receipt } = seen.at(-1) as unknown as { receipt: { logEntry: string; receipt: { signatures: unknown[] } } };
    expect(receipt).toMatchObject({ registrationId: id(), positions: ['left-palm'], verified: true });
    await eventually(() => g.ledger.entries.includes(receipt.logEntry));
    expect(g.nodes.seen.at(-1)).toMatchObject({ party: 1, method: 'registration.run' });
    await expect(complete()).rejects.toMatchObject({ code: 'context.decided' });
    expect(await ask('registration.resume', { registrationId: id(), secret: session.secret })).toMatchObject({ context: session.context });
  });

  test('leaves in the log that consent was given, once, whatever the ledger does', async () => {
    const waiting = () => g.sql('SELECT entry_hash FROM log_outbox WHERE acknowledged_at IS NULL ORDER BY id');
    await ready();
    // Entries of the test before may be on their way still.
    await eventually(async () => (await waiting()).length === 0);
    g.ledger.refuses = true;
    await complete();
    await eventually(async () => (await events()).at(-1)?.type === 'registration_succeeded');
    const { receipt: { receipt, logEntry } } = (await events()).at(-1) as unknown as { receipt: RegistrationReceipt };
    const registration = parseLogEntry(fromBase64Url(receipt.entry));
    if (!isRegistrationEntry(registration)) throw new Error(registration.kind);
    const entry = consentEntryOf(registration);
    expect(parseLogEntry(entry)).toEqual({ v: 1, networkId: 'test-net', epoch: 1, time: registration.time, kind: 'consent', consent: consentHash(consentOf()), action: 'given' });
    expect(await waiting()).toEqual([{ entry_hash: logEntry }, { entry_hash: logEntryHash(entry) }]);
    Object.assign(g.ledger, { refuses: false, losesAnswers: 2 });
    await eventually(async () => (await waiting()).length === 0);
    expect(g.ledger.entries.filter((hash) => hash === logEntryHash(entry))).toHaveLength(1);
  });

  test('that fails at the nodes says why, and may be tried again unless the palm is known', async () => {
    await ready();
    const logged = () => g.sql('SELECT count(*)::int AS count FROM log_outbox');
    const before = await logged();
    for (const [code, retryAllowed] of [['registration.samples-disagree', true], ['registration.duplicate', false]] as const) {
      g.nodes.behaviour.decision = new BoopError(code, 'told by the nodes');
      await complete();
      await eventually(async () => (await events()).at(-1)?.['code'] === code);
      expect((await events()).at(-1)).toEqual({ type: 'registration_failed', code, message: 'told by the nodes', retryAllowed });
    }
    expect(await row()).toMatchObject({ state: 'failed' });
    expect(await logged()).toEqual(before);
    await expect(complete()).rejects.toMatchObject({ code: 'context.decided' });
  });

  test('whose answer is lost is found at the nodes, also when some of them hear of it later', async () => {
    await ready();
    const undecided = [1, 2, 3, 4, 5];
    Object.assign(g.nodes.behaviour, { losesRegistrations: true, undecided });
    await complete();
    await eventually(() => g.nodes.seen.some(({ method }) => method === 'registration.run'));
    await expect(complete()).rejects.toMatchObject({ code: 'request.conflict' });
    expect((await events()).at(-1)).toMatchObject({ step: 'checking-samples' });
    // One node may lie; two can't.
    g.nodes.behaviour.undecided = [1, 2, 3, 4];
    expect(await row()).toMatchObject({ state: 'running' });
    g.nodes.behaviour.undecided = [1, 2, 3];
    await eventually(async () => (await events()).at(-1)?.type === 'registration_succeeded');
    const { receipt } = (await events()).at(-1) as unknown as { receipt: RegistrationReceipt };
    expect(receipt.receipt.signatures.map(({ party }) => party)).toEqual([4, 5]);
    expect(parseLogEntry(fromBase64Url(receipt.receipt.entry))).toMatchObject({ kind: 'registration', session: sessionIdOf(session.context) });
    await eventually(() => g.ledger.entries.includes(receipt.logEntry));
  });

  test.each(['registration.duplicate', 'registration.nothing-to-renew'])('that was stored by a run nobody answered for is not refused for itself: %s', async (code) => {
    await ready();
    Object.assign(g.nodes.behaviour, { losesRegistrations: true, undecided: [1, 2, 3, 4, 5] });
    await complete();
    await eventually(() => g.nodes.seen.some(({ method }) => method === 'registration.run'));
    // As if the gateway had died then: its run is too old, and the client sends another split.
    await g.sql("UPDATE registrations SET running_since = running_since - interval '41 s', version = version + 1 WHERE id = $1", [id()]);
    g.nodes.behaviour.decision = new BoopError(code, 'told by the nodes');
    await complete();
    g.nodes.behaviour.undecided = [];
    await eventually(async () => (await events()).at(-1)?.type === 'registration_succeeded');
    expect(await row()).toMatchObject({ state: 'done' });
    expect((await events()).filter(({ type }) => type === 'registration_succeeded')).toHaveLength(1);
  });

  test('that a gateway left running when it died ends as the nodes have it: stored, or not', async () => {
    const orphan = async (): Promise<void> => {
      await ready();
      await g.sql("UPDATE registrations SET state = 'running', running_since = now() - interval '41 s', version = version + 1 WHERE id = $1", [id()]);
    };
    await orphan();
    await eventually(async () => (await events()).at(-1)?.type === 'registration_failed');
    expect((await events()).at(-1)).toMatchObject({ code: 'mpc.aborted', retryAllowed: true });
    expect(await row()).toMatchObject({ state: 'samples' });
    // The same session goes on, and is stored.
    await complete();
    await eventually(async () => (await events()).at(-1)?.type === 'registration_succeeded');
  });

  test('needs all nodes, and is refused at once otherwise', async () => {
    await ready();
    await g.nodes.down(4);
    await eventually(async () => (await g.liveNodes()) === 4);
    const before = await row();
    await expect(complete()).rejects.toMatchObject({ code: 'mpc.nodes-unavailable', retryAllowed: true });
    expect(await row()).toEqual(before);
    await g.nodes.up(4);
    await eventually(async () => (await g.liveNodes()) === 5);
    await complete();
    await eventually(async () => (await events()).at(-1)?.type === 'registration_succeeded');
  });
});

describe('bad input has its own code and changes nothing', () => {
  const foreign = SigningKey.generate(systemRng);
  test.each<[string, (after: typeof ready) => Promise<unknown>]>([
    ['consent.missing', () => sample(0)],
    ['consent.missing', () => complete()],
    ['consent.wrong-registration', () => ask('registration.consent', { registrationId: id(), consent: consentOf(session.consentText, 'reg-other') })],
    ['consent.invalid', () => ask('registration.consent', { registrationId: id(), consent: consentOf({ ...session.consentText, text: 'Less.' }) })],
    ['consent.invalid', () => { const given = consentOf(); return ask('registration.consent', { registrationId: id(), consent: { ...given, record: { ...given.record, givenAt: 6 } } }); }],
    ['request.not-found', () => ask('registration.sample', { registrationId: 'reg-none', position: 'left-palm', index: 0, quality: good })],
    ['request.unauthenticated', () => ask('registration.resume', { registrationId: id(), secret: 'wrong' })],
    ['request.unauthenticated', () => ask('registration.resume', { registrationId: 'reg-none', secret: session.secret })],
    ['request.malformed', () => ask('registration.sample', { registrationId: id(), position: 'left-palm', index: 0, quality: { score: 101, reasons: [] } })],
  ])('%s before consent', async (code, act) => {
    const before = [await row(), await events()];
    await expect(act(ready)).rejects.toMatchObject({ code });
    expect([await row(), await events()]).toEqual(before);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['request.malformed', () => sample(3)],
    ['request.malformed', () => sample(0, good, 'right-palm')],
    ['request.conflict', () => ask('registration.consent', { registrationId: id(), consent: giveConsent({ networkId: 'test-net', registrationId: id(), text: session.consentText, givenAt: 7 }, foreign) })],
    ['registration.incomplete', async () => complete(await split({ items: items.slice(1) }))],
    ['request.forbidden', async () => complete(await split({}, foreign))],
    ['share.wrong-session', async () => complete(await split({ purpose: 'authentication' }))],
    ['share.wrong-epoch', async () => complete(await split({ epoch: 2 }))],
    ['template.unknown-encoder', async () => complete(await split({ encoder: 'palm-compcode-0' }))],
    ['split.gateway-not-allowed', async () => complete(await split({ splitAt: 'gateway' }))],
    ['split.altered', async () => { const sealed = await split(); return complete({ ...sealed, envelopes: [sealed.envelopes[0]!, { ...sealed.envelopes[2]!, party: 2 }, ...sealed.envelopes.slice(2)] }); }],
  ])('%s after the samples', async (code, act) => {
    await ready();
    const before = [await row(), await events()];
    await expect(act()).rejects.toMatchObject({ code });
    expect([await row(), await events()]).toEqual(before);
  });

  test('registration.incomplete while samples are missing, also after one became worse', async () => {
    await consent();
    for (const index of [0, 1, 2]) await sample(index);
    expect(await sample(1, { score: 10, reasons: ['blank'] })).toEqual({ accepted: false, remaining: 1 });
    await expect(complete()).rejects.toMatchObject({ code: 'registration.incomplete' });
  });

  test('context.cancelled after cancelling', async () => {
    await ask('registration.cancel', { registrationId: id() });
    await expect(consent()).rejects.toMatchObject({ code: 'context.cancelled' });
  });

  test('context.expired after its time', async () => {
    await g.sql(`UPDATE registrations SET expires_at = now() WHERE id = $1`, [id()]);
    await eventually(async () => (await events()).at(-1)?.['code'] === 'context.expired');
    await expect(consent()).rejects.toMatchObject({ code: 'context.expired' });
  });
});

describe('the other methods of the link', () => {
  test('open so many sessions for one address in a minute, and others for others', async () => {
    const start = (address: string) => ask('registration.start', { address }).then(() => 'session', ({ code }: { code?: string }) => code);
    const outcomes = await Promise.all(Array.from({ length: 70 }, () => start('203.0.113.7')));
    expect(outcomes.filter((outcome) => outcome === 'session')).toHaveLength(60);
    expect(outcomes.filter((outcome) => outcome === 'request.rate-limited')).toHaveLength(10);
    expect(await start('203.0.113.8')).toBe('session');
  });

  test('check credentials by role', async () => {
    expect(await ask('credential.check', { roles: ['vendor'], key: keys.shop })).toEqual({ role: 'vendor', id: 'shop' });
    await expect(ask('credential.check', { roles: ['vendor'], key: keys.till })).rejects.toMatchObject({ code: 'request.forbidden' });
    await expect(ask('credential.check', { roles: ['vendor'], key: 'sk_none' })).rejects.toMatchObject({ code: 'request.unauthenticated' });
    expect(await ask('credential.check', { roles: ['admin', 'auditor'], key: keys.auditor })).toEqual({ role: 'auditor', id: 'ida' });
    await expect(ask('no.such-method', {})).rejects.toMatchObject({ code: 'link.unknown-method' });
  });

  test('serve a terminal: settings when it connects, what waits, what it gives up, what it answers', async () => {
    const waiting = (await ask('context.create', { vendorId: 'shop', request: { type: 'entrance', terminalId: 'till' } })) as { id: string };
    await ask('terminal.hello', { terminalId: 'till' });
    const [configuration, requested] = (await g.events('pvs:till')).slice(-2);
    expect(configuration).toMatchObject({ type: 'configuration', configuration: { version: 1, document: { encoder: 'palm-compcode-1' } } });
    expect(requested).toMatchObject({ type: 'authentication_requested', context: { contextId: waiting.id } });
    await ask('capture.failed', { terminalId: 'till', contextId: waiting.id, reason: 'quality' });
    expect((await g.events('pvs:till')).at(-1)).toMatchObject({ type: 'authentication_ended', reason: 'quality', retryAllowed: true });
    expect((await g.events('vendor:shop')).at(-1)).toMatchObject({ type: 'authentication_failed', contextId: waiting.id, authentication: { status: 'failed' } });
    await ask('configuration.acknowledge', { terminalId: 'till', version: 1, applied: false, code: 'template.unknown-encoder' });
    expect(await g.sql('SELECT version, applied, code FROM terminal_configurations')).toEqual([{ version: 1, applied: false, code: 'template.unknown-encoder' }]);
  });

  test('settings are published, rolled back and offered accordingly, also to terminals that were away', async () => {
    const document = { encoder: 'palm-compcode-1', sampleQualityMin: 70, heartbeatMs: 30_000 };
    const heard = async () => (await g.events('pvs:till')).filter(({ type }) => type === 'configuration').at(-1)!['configuration'];
    const publish = async (sampleQualityMin: number) => await ask('configuration.publish', { adminId: 'root', document: { ...document, sampleQualityMin } });
    expect(await publish(60)).toMatchObject({ version: 2 });
    expect(await publish(70)).toEqual(await heard());
    await expect(ask('configuration.roll-back', { adminId: 'root', version: 2 })).rejects.toMatchObject({ code: 'request.conflict' });
    expect(await ask('configuration.roll-back', { adminId: 'root', version: 3 })).toMatchObject({ version: 2, rollbackOf: 3, document: { sampleQualityMin: 60 } });
    expect(await ask('configuration.roll-back', { adminId: 'root', version: 2 })).toMatchObject({ version: 1, rollbackOf: 3 });
    await expect(ask('configuration.roll-back', { adminId: 'root', version: 1 })).rejects.toMatchObject({ code: 'request.conflict' });
    await ask('terminal.hello', { terminalId: 'till' });
    const offered = (await heard()) as { version: number; rollbackOf: number; document: object; publicKey: string; signature: string };
    expect(offered).toMatchObject({ version: 1, rollbackOf: 3 });
    const { publicKey, signature, ...content } = offered;
    expect(verifySignature('boop-pvs-configuration/1', canonicalJson(content), signature, publicKey)).toBe(true);
    const { body: trail } = await g.call('GET', '/v1/audit?action=WS%20/ws/admin/roll_back_configuration', { key: keys.auditor });
    expect(trail.entries).toMatchObject([{ status: 409 }, { status: 200, target: '1' }, { role: 'admin', principal: 'root', status: 200, target: '2' }, { status: 409 }]);
    // A number is never used again.
    expect(await publish(80)).toMatchObject({ version: 4 });
    expect(await heard()).not.toHaveProperty('rollbackOf');
  });

  test('cancel for their own vendor only', async () => {
    const { id: contextId } = (await ask('context.create', { vendorId: 'shop', request: { type: 'access' } })) as { id: string };
    await expect(ask('context.cancel', { vendorId: 'other', contextId })).rejects.toMatchObject({ code: 'request.not-found' });
    expect(await ask('context.cancel', { vendorId: 'shop', contextId })).toMatchObject({ status: 'cancelled' });
  });
});
