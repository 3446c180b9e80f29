import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeImage, encodePalm, fuse, type Template } from '@boop/biometric';
import { type ConsentText, giveConsent, type RegistrationContext, sessionIdOf, SigningKey } from '@boop/identity';
import { countValid, palmStatistic, splitTemplate } from '@boop/mpc';
import { type NetworkInfo, type SealedSplit, sealSplit, type SplitHeader, type SplitItem } from '@boop/protocol';
import { type AuthenticationHandle, createRegistrationClient, systemRng } from '@boop/sdk';
import { toBase64Url } from '@boop/shared';
import { type RunningNetwork, startNetwork, until } from './network-harness.ts';
import { blankCapture, syntheticPalmOf } from './palms.ts';
import { type Message, RegistrationChannel } from './registration-channel.ts';
import { type Answer, patiently, postJson, Shop } from './shop.ts';
import { checkCheckpoint, query } from './stock-clients.ts';

const palm = syntheticPalmOf(1);
const other = syntheticPalmOf(2);
const templateOf = (capture: Uint8Array): Template => encodePalm(decodeImage(capture)).template;
let network: RunningNetwork;
let shop: Shop;
let info: NetworkInfo;

beforeAll(async () => {
  network = await startNetwork();
  shop = new Shop(network);
  info = await shop.info();
  await shop.register({ 'right-palm': palm.samples });
}, 300_000);

afterAll(async () => {
  shop?.close();
  await network?.dispose();
}, 120_000);

/** Entries under the published checkpoint. */
async function logSize(): Promise<number> {
  const response = await fetch(`${network.ledgerUrl}/checkpoint`);
  const text = await response.text();
  return response.status === 404 ? 0 : checkCheckpoint(text, info.log.verifierKey).size;
}

/** What bad input must leave as it is: rows of every node, entries of the log. */
async function stored(): Promise<object> {
  const count = async (database: string, table: string): Promise<number> => (await query<{ count: number }>(network.adminUrl(database), `SELECT count(*)::int AS count FROM ${table}`))[0]!.count;
  const rows = await Promise.all(info.members.map(({ party }) => count(`node_${party}`, 'gallery_rows')));
  return { rows, told: (await network.nodes()).map(({ galleryRows }) => galleryRows), entries: await count('ledger', 'entries'), size: await logSize() };
}

const refusals = new Map<string, string>();

/** Notes how something was refused, so that no two ways share a code and a message. */
function refused(answer: { code?: unknown; detail?: unknown; message?: unknown }): string {
  const code = String(answer.code);
  refusals.set(expect.getState().currentTestName!, `${code} ${String(answer.detail ?? answer.message)}`);
  return code;
}

describe('bad input', () => {
  let before: object;

  beforeAll(async () => {
    // The registration and its consent are on their way to the log, and the gateway asks the nodes once a second.
    const expected = { rows: [1, 1, 1, 1, 1], told: [1, 1, 1, 1, 1], entries: 2, size: 2 };
    await until(async () => {
      before = await stored().catch(() => ({}));
      return isDeepStrictEqual(before, expected);
    }, 60_000).catch(() => undefined);
    expect(before).toEqual(expected);
  });
  // What a node last told of itself is missing for a second when it was late once.
  afterEach(async () => {
    let after: object = {};
    await until(async () => isDeepStrictEqual((after = await stored().catch(() => after)), before), 60_000).catch(() => undefined);
    expect(after).toEqual(before);
  });

  describe('at an authentication', () => {
    let authentication: AuthenticationHandle;
    const split = async (changes: Partial<SplitHeader> = {}, members = info.members, values = templateOf(palm.others[0]!).values): Promise<SealedSplit> => {
      const { networkId, epoch, encoder, nodes, threshold } = info;
      const { sessionId } = authentication.authentication;
      const header: SplitHeader = { v: 1, networkId, epoch, purpose: 'authentication', sessionId, encoder, splitAt: 'edge', items: [{ role: 'probe', valid: countValid(palmStatistic, values) }], ...changes };
      const shares = splitTemplate(values, palmStatistic, { nodes, threshold }, systemRng);
      return await sealSplit(header, shares, members, shop.device);
    };
    const present = async (probe: object, context = authentication): Promise<Answer> => await postJson(`${shop.gatewayUrl}/v1/authentications/${context.id}/probe`, shop.terminalKey, probe);
    /** Makes a probe anew where nodes were too late to judge it, as on a busy machine. */
    const judged = async <Probe extends object>(make: () => Promise<Probe> | Probe): Promise<{ probe: Probe; answer: Answer }> => {
      for (let tries = 1; ; tries++) {
        const probe = await make();
        const answer = await present(probe);
        if (tries === 3 || answer.status !== 503) return { probe, answer };
        await sleep(1_000);
      }
    };
    const swapped = <Item>(items: readonly Item[], a: number, b: number): Item[] => items.map((item, at) => (at === a ? items[b]! : at === b ? items[a]! : item));
    /** Node 3's share is sealed to node 4's key and the other way round, and the device signs that. */
    const sealedToOthers = () => split({}, info.members.map((member, at) => ({ ...member, hpkeKey: swapped(info.members, 2, 3)[at]!.hpkeKey })));

    beforeEach(async () => {
      authentication = await shop.open();
    });

    test.each<[name: string, code: string, status: number, probe: () => Promise<object> | object]>([
      ['an unreadable image', 'capture.unreadable', 422, () => ({ capture: toBase64Url(palm.others[0]!.slice(0, 900)) })],
      ['no image at all', 'capture.unsupported-format', 422, () => ({ capture: toBase64Url(new TextEncoder().encode('no image '.repeat(200))) })],
      ['an image of another size', 'capture.wrong-size', 422, () => ({ capture: toBase64Url(blankCapture(64)) })],
      ['a blank palm', 'capture.low-quality', 422, () => ({ capture: toBase64Url(blankCapture()) })],
      ['a template of another encoder version', 'template.unknown-encoder', 422, async () => ({ split: await split({ encoder: 'palm-compcode-2' }) })],
      ['envelopes that lie at other nodes than they name', 'share.wrong-node', 422, async () => {
        const good = await split();
        return { split: { ...good, envelopes: swapped(good.envelopes, 0, 1) } };
      }],
      ['a share sealed to another node', 'share.unopenable', 422, async () => ({ split: await sealedToOthers() })],
      ['shares of another epoch', 'share.wrong-epoch', 422, async () => ({ split: await split({ epoch: 2 }) })],
      ['shares of another session', 'share.wrong-session', 422, async () => ({ split: await split({ sessionId: toBase64Url(systemRng.bytes(32)) }) })],
      ['one byte changed in an envelope', 'split.altered', 422, async () => {
        const good = await split();
        const [first, ...rest] = good.envelopes;
        const ciphertext = `${first!.ciphertext.startsWith('A') ? 'B' : 'A'}${first!.ciphertext.slice(1)}`;
        return { split: { ...good, envelopes: [{ ...first!, ciphertext }, ...rest] } };
      }],
      ['a template with more in its mask than its code', 'split.invalid-form', 422, async () => ({
        split: await split({}, info.members, templateOf(palm.others[0]!).values.map((value, i) => (i < palmStatistic.codeCoordinates ? 0 : value))),
      })],
      ['a node left out', 'split.incomplete', 422, async () => {
        const good = await split();
        return { split: { ...good, envelopes: good.envelopes.slice(1) } };
      }],
    ])('%s is refused, and the context stays open', async (_, code, status, probe) => {
      const { answer } = await judged(probe);
      expect(answer).toMatchObject({ status, contentType: expect.stringMatching(/^application\/problem\+json/), body: { code, status } });
      expect(refused(answer.body)).toBe(code);
      const { authentication: now } = authentication;
      const response = await fetch(`${shop.gatewayUrl}/v1/authentications/${now.id}`, { headers: { authorization: `Bearer ${shop.apiKey}` } });
      expect(await response.json()).toMatchObject({ status: 'pending' });
    });

    test('a split that nodes have opened is refused when it comes again', async () => {
      const { probe: spent, answer } = await judged(async () => ({ split: await sealedToOthers() }));
      expect(answer.body.code).toBe('share.unopenable');
      const again = await present(spent);
      expect(again).toMatchObject({ status: 409, body: { code: 'split.replayed' } });
      expect(refused(again.body)).toBe('split.replayed');
    });

    test('a context that has expired takes nothing any more', async () => {
      const brief = await shop.open({ timeout: 1 });
      await sleep(2_100);
      const answer = await present({ capture: toBase64Url(palm.others[0]!) }, brief);
      expect(answer).toMatchObject({ status: 410, body: { code: 'context.expired' } });
      expect(refused(answer.body)).toBe('context.expired');
    });
  });

  describe('at a registration', () => {
    let channel: RegistrationChannel;
    let welcome: Message;
    let accountKey: SigningKey;
    const context = (): RegistrationContext => welcome['context'] as RegistrationContext;
    const consentFor = (registrationId: string) =>
      giveConsent({ networkId: info.networkId, registrationId, text: welcome['consentText'] as ConsentText, givenAt: Math.floor(Date.now() / 1000) }, accountKey);
    const sample = (index: number) => ({ type: 'sample_captured', position: 'right-palm', index, quality: { score: 95, reasons: [] } });
    const split = async (changes: Partial<SplitHeader> = {}): Promise<SealedSplit> => {
      const samples = palm.samples.map(templateOf);
      const templates = [fuse(samples), ...samples];
      const items = templates.map(({ values }, at): SplitItem => ({
        ...(at === 0 ? { role: 'reference' } : { role: 'sample', index: at - 1 }),
        position: 'right-palm',
        valid: countValid(palmStatistic, values),
      }));
      const { networkId, epoch, encoder, nodes, threshold } = info;
      const header: SplitHeader = { v: 1, networkId, epoch, purpose: 'registration', sessionId: sessionIdOf(context()), encoder, splitAt: 'edge', items, ...changes };
      const shares = templates.map(({ values }) => splitTemplate(values, palmStatistic, { nodes, threshold }, systemRng));
      return await sealSplit(header, info.members.map((_, at) => Buffer.concat(shares.map((ofItem) => ofItem[at]!))), info.members, accountKey);
    };

    beforeEach(async () => {
      channel = new RegistrationChannel(shop.bridgeUrl);
      welcome = await channel.hello();
      accountKey = SigningKey.generate(systemRng);
    });
    afterEach(() => channel.close());

    test('nothing is taken without consent', async () => {
      expect(refused(await channel.ask(sample(0), ['sample_accepted']))).toBe('consent.missing');
      const answer = await channel.ask({ type: 'complete_registration', split: await split() }, ['registration_succeeded', 'registration_failed']);
      expect(answer).toMatchObject({ type: 'error', code: 'consent.missing' });
      const declined = createRegistrationClient({ bridgeUrl: shop.bridgeUrl, pin: shop.pin }).register({ accountKey, positions: { 'right-palm': other.samples }, onConsent: () => Promise.resolve(false) });
      await expect(declined).rejects.toMatchObject({ code: 'consent.missing' });
    });

    test('a consent for another registration is none', async () => {
      const elsewhere = { type: 'give_consent', consent: consentFor('reg_another') };
      expect(refused(await channel.ask(elsewhere, ['consent_recorded']))).toBe('consent.wrong-registration');
      const { record, signature } = consentFor(context().registrationId);
      const forged = { type: 'give_consent', consent: { record: { ...record, givenAt: record.givenAt - 1 }, signature } };
      expect(await channel.ask(forged, ['consent_recorded'])).toMatchObject({ type: 'error', code: 'consent.invalid' });
    });

    test.each<[name: string, code: string, changes: () => Partial<SplitHeader>]>([
      ['another encoder version', 'template.unknown-encoder', () => ({ encoder: 'palm-compcode-2' })],
      ['another epoch', 'share.wrong-epoch', () => ({ epoch: 2 })],
      ['another session', 'share.wrong-session', () => ({ sessionId: toBase64Url(systemRng.bytes(32)) })],
      ['another purpose', 'share.wrong-session', () => ({ purpose: 'authentication' })],
    ])('templates of %s are refused', async (_, code, changes) => {
      expect((await channel.ask({ type: 'give_consent', consent: consentFor(context().registrationId) }, ['consent_recorded'])).type).toBe('consent_recorded');
      for (const index of [0, 1, 2]) expect((await channel.ask(sample(index), ['sample_accepted'])).type).toBe('sample_accepted');
      const answer = await channel.ask({ type: 'complete_registration', split: await split(changes()) }, ['registration_succeeded', 'registration_failed']);
      expect(answer).toMatchObject({ type: 'error', code });
    });

    test('a palm is registered once', async () => {
      for (const captures of [palm.samples, palm.others.slice(0, 3)]) {
        const error = (await shop.register({ 'right-palm': captures }).catch((reason: unknown) => reason)) as { code: string; message: string };
        expect(refused(error)).toBe('registration.duplicate');
      }
      const leftAsRight = shop.register({ 'left-palm': other.samples, 'right-palm': palm.others.slice(0, 3) });
      await expect(leftAsRight).rejects.toMatchObject({ code: 'registration.duplicate' });
    });
  });

  test('each has a code and a message of its own', () => {
    expect(refusals.size).toBeGreaterThanOrEqual(16);
    const [codes, texts] = [[...refusals.values()].map((refusal) => refusal.split(' ')[0]), [...refusals.values()]];
    expect(new Set(codes).size).toBe(codes.length);
    expect(new Set(texts).size).toBe(texts.length);
  });
});

test('one context takes one decision, however often its probe is sent', async () => {
  const authentication = await patiently(async () => {
    const opened = await shop.open();
    await shop.present(opened, palm.others[0]!);
    return opened;
  });
  await expect(shop.present(authentication, palm.others[0]!)).rejects.toMatchObject({ code: 'context.decided', status: 409 });
  await expect(authentication.waitForResult()).resolves.toMatchObject({ outcome: 'accepted', verified: true });
}, 120_000);
