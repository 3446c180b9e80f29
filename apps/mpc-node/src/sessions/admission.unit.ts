import { describe, expect, test } from '@jest/globals';
import { type AuthenticationContext, giveConsent, type RegistrationContext, sessionIdOf, type SignedConsent, SigningKey } from '@boop/identity';
import { type LivenessVerdict, type SealedSplit, signVerdict, splitFor, splitHash, type SplitHeader } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { seededRng } from '@boop/testing';
import { networkOf } from '../network.ts';
import { authenticationContext, consentText, encoder, enrolment, probe, randomPalm, seal, type Splitter } from '../testing/fixtures.ts';
import { memoryCustody } from '../testing/memory-custody.ts';
import { manifestOf } from '../testing/memory-network.ts';
import { admit } from './admission.ts';

const rng = seededRng(9);
const nowMs = 1_700_000_000_000;
const checker = SigningKey.generate(rng);
const listed = manifestOf([1, 2, 3].map(() => memoryCustody(rng)), 1);
const manifest = { ...listed, operatingPoints: [...listed.operatingPoints, { id: 'looser', encoder, falseMatchRate: 1e-4, theta: 50 }], livenessChecks: [{ id: 'palm-passive-1', level: 1, publicKey: checker.publicKey }] };
const network = networkOf(manifest, 2);
const splitter: Splitter = { manifest, rng, device: SigningKey.generate(rng) };
const palm = randomPalm(rng);

const authentication = async (context: Partial<AuthenticationContext> = {}, header: Partial<SplitHeader> = {}) => await probe(splitter, authenticationContext(manifest, rng, nowMs, context), palm, header);
const registration = async () => await enrolment(splitter, { 'right-palm': palm }, nowMs);
const policy = (changes: object) => ({ policy: { operatingPoint: 'default', acceptUnverified: true, acceptGatewaySplit: false, ...changes } });

type Input = { context: AuthenticationContext | RegistrationContext; consent?: SignedConsent; split: SealedSplit };
const admitted = ({ split, ...rest }: Input, party = 2, atMs = nowMs) => admit(network, { ...rest, split: splitFor(split, party) }, atMs);
const withSplit = (input: Input, changes: Partial<SealedSplit>): Input => ({ ...input, split: { ...input.split, ...changes } });

const nameOf = ({ split }: Input) => ({ sessionId: split.header.sessionId, splitHash: splitHash(splitFor(split, 1)) });
/** What a terminal with a liveness check sends for a context that asks for one. */
const withVerdict = (input: Input, changes: Partial<LivenessVerdict> = {}, key = checker): Input =>
  withSplit(input, { liveness: signVerdict({ check: 'palm-passive-1', outcome: 'bona-fide', ...nameOf(input), checkedAtMs: nowMs, ...changes }, key) });
const lively = async (livenessLevel = 1) => await authentication(policy({ livenessLevel }));

describe('a node', () => {
  test('admits what is in order', async () => {
    expect(admitted(await authentication()).theta).toBe(100);
    expect(admitted(await registration()).theta).toBe(100);
  });

  test('admits a capture whose liveness was checked as the context asks', async () => {
    expect(admitted(withVerdict(await lively())).theta).toBe(100);
  });

  test('takes clocks that differ by five seconds', async () => {
    const input = await authentication();
    expect(() => admitted(input, 2, nowMs - 5_000)).not.toThrow();
    expect(() => admitted(input, 2, nowMs + 35_000)).not.toThrow();
    expect(() => admitted(input, 2, nowMs - 6_000)).toThrow(expect.objectContaining({ code: 'context.invalid' }));
    expect(() => admitted(input, 2, nowMs + 36_000)).toThrow(expect.objectContaining({ code: 'context.expired' }));
  });

  test.each<[string, string, () => Promise<Input>]>([
    ['a context of another network', 'context.invalid', () => authentication({ networkId: 'other-net' })],
    ['a context that lives too long', 'context.invalid', () => authentication({ expiresAt: nowMs / 1000 + 31 })],
    ['a context that ends before it begins', 'context.invalid', () => authentication({ expiresAt: nowMs / 1000 })],
    ['an operating point off the menu', 'context.invalid', () => authentication(policy({ operatingPoint: 'lax' }))],
    ['an operating point of another encoder', 'template.unknown-encoder', () => authentication(policy({ operatingPoint: 'other-encoder' }))],
    ['a template of another encoder', 'template.unknown-encoder', () => authentication({}, { encoder: 'palm-compcode-9' })],
    ['a share of another epoch', 'share.wrong-epoch', () => authentication({}, { epoch: 2 })],
    ['a share of another purpose', 'share.wrong-session', () => authentication({}, { purpose: 'registration' })],
    ['a share of another session', 'share.wrong-session', async () => ({ ...(await authentication()), context: authenticationContext(manifest, rng, nowMs) })],
    ['two probes', 'split.incomplete', async () => {
      const context = authenticationContext(manifest, rng, nowMs);
      return { context, split: await seal(splitter, { purpose: 'authentication', sessionId: sessionIdOf(context) }, [{ role: 'probe' }, { role: 'probe' }], [palm, palm]) };
    }],
    ['a reference instead of a probe', 'split.incomplete', () => authentication({}, { items: [{ role: 'reference', valid: 1024 }] })],
    ['a split of the gateway against the policy', 'split.gateway-not-allowed', () => authentication({}, { splitAt: 'gateway' })],
    ['a capture whose liveness nobody checked', 'liveness.missing', () => lively()],
    ['the verdict on another capture', 'liveness.other-capture', async () => withSplit(await lively(), { liveness: withVerdict(await lively()).split.liveness! })],
    ['the verdict on another split of the session', 'liveness.other-capture', async () => withVerdict(await lively(), { splitHash: nameOf(await lively()).splitHash })],
    ['a verdict by the terminal itself', 'liveness.bad-signature', async () => withVerdict(await lively(), {}, splitter.device)],
    ['a check of too low a level', 'liveness.other-check', async () => withVerdict(await lively(2))],
    ['a capture that the check took for an attack', 'liveness.attack', async () => withVerdict(await lively(), { outcome: 'attack' })],
    ['a verdict of long ago', 'liveness.expired', async () => withVerdict(await lively(), { checkedAtMs: nowMs - 60_000 })],
    ['another signature', 'split.altered', async () => withSplit(await authentication(), { signature: (await authentication()).split.signature })],
    ['a key of small order, under which one signature is good for everything', 'split.altered', async () => {
      const identity = Uint8Array.of(1, ...new Uint8Array(31));
      return withSplit(await authentication(), { deviceKey: toBase64Url(identity), signature: toBase64Url(Uint8Array.of(...identity, ...new Uint8Array(32))) });
    }],
    ['an envelope too few', 'split.incomplete', async () => {
      const input = await authentication();
      return withSplit(input, { envelopes: input.split.envelopes.slice(0, 2) });
    }],
    ['no consent', 'consent.missing', async () => {
      const { context, split } = await registration();
      return { context, split };
    }],
    ['a consent for another registration', 'consent.wrong-registration', async () => ({ ...(await registration()), consent: (await registration()).consent })],
    ['a consent by somebody else', 'consent.invalid', async () => {
      const input = await registration();
      const somebody = SigningKey.generate(rng);
      return { ...input, consent: giveConsent({ networkId: manifest.networkId, registrationId: input.context.registrationId, text: consentText, givenAt: nowMs / 1000 }, somebody) };
    }],
    ['a consent to a text that the network does not use', 'consent.invalid', async () => {
      const input = await registration();
      const text = { ...consentText, text: 'Something else.' };
      return { ...input, consent: giveConsent({ networkId: manifest.networkId, registrationId: input.context.registrationId, text, givenAt: nowMs / 1000 }, splitter.device) };
    }],
    ['a registration at another operating point than the network\'s', 'context.invalid', async () => {
      const { context, consent } = await registration();
      const lax = { ...context, operatingPoint: 'looser' };
      const items = [{ role: 'reference' as const, position: 'right-palm' as const }];
      return { context: lax, consent, split: await seal(splitter, { purpose: 'registration', sessionId: sessionIdOf(lax) }, items, [palm]) };
    }],
    ['a sample too few', 'registration.incomplete', () => enrolment(splitter, { 'right-palm': palm }, nowMs, () => [palm, palm])],
    ['a sample too many', 'registration.incomplete', () => enrolment(splitter, { 'right-palm': palm }, nowMs, () => [palm, palm, palm, palm])],
  ])('refuses %s', async (_, code, input) => {
    const refused = await input();
    expect(() => admitted(refused)).toThrow(expect.objectContaining({ code }));
  });

  test('refuses a share that was sealed to another node', async () => {
    const { context, split } = await authentication();
    expect(() => admit(network, { context, split: splitFor(split, 1) }, nowMs)).toThrow(expect.objectContaining({ code: 'share.wrong-node' }));
  });

  test('takes a split of the gateway where the policy allows it', async () => {
    const input = await authentication(policy({ acceptGatewaySplit: true }), { splitAt: 'gateway' });
    expect(admitted(input).splitHash).toHaveLength(43);
  });
});
