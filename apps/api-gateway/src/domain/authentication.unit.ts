import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type AuthenticationContext } from '@boop/identity';
import { beginProbe, cancelAuthentication, decideProbe, expireAuthentication, failCapture, failUndecided, openAuthentication, releaseProbe, retryAllowedAfter } from './authentication.ts';
import { type AuthenticationRecord, staleProcessingMs } from './authentication-record.ts';
import { terminalViewOf, viewOf } from './authentication-view.ts';
import { buildContext, requestHashOf } from './authentication-request.ts';
import { type Transition } from './events.ts';

const rng = { bytes: (count: number) => new Uint8Array(count).fill(7) };
const manifest = { networkId: 'net', epoch: 1, livenessChecks: [{ id: 'palm-passive-1', level: 2, publicKey: 'k' }], defaultOperatingPoint: 'std', operatingPoints: [{ id: 'std', encoder: 'e', falseMatchRate: 1, theta: 0 }] } as Parameters<typeof buildContext>[0]['manifest'];
const context = (request: Parameters<typeof buildContext>[0]['request'], nowMs = 1_000_500): AuthenticationContext =>
  buildContext({ request, vendor: { id: 'shop', sector: 's' }, manifest, issuer: 'http://issuer.example', nowMs, rng });
const open = (nowMs = 1_000_500): AuthenticationRecord => {
  const request = { type: 'access' as const, terminalId: 'till' };
  return openAuthentication({ request, requestHash: requestHashOf(request), context: context(request, nowMs), link: 'http://c.example/a', nowMs }).record;
};
const decision = (accepted: boolean) => ({
  accepted, reason: accepted ? ('ok' as const) : ('no-match' as const), verified: true, idToken: accepted ? 'a.b.c' : undefined, terminalId: 'till', entryText: 'AA',
  outbox: { entryHash: 'h', entry: new Uint8Array(1), receipts: [] },
});

describe('a context', () => {
  test('has its defaults by type: payments refuse unverified matches, time may only be shortened', () => {
    expect(context({ type: 'access' })).toMatchObject({ issuedAt: 1000, expiresAt: 1030, policy: { operatingPoint: 'std', acceptUnverified: true, acceptGatewaySplit: true } });
    expect(context({ type: 'payment', amount: 5, currency: 'EUR' }).policy.acceptUnverified).toBe(false);
    expect(context({ type: 'entrance', timeout: 30 }).expiresAt).toBe(1015);
    expect(context({ type: 'access', timeout: 3 }).expiresAt).toBe(1003);
  });

  test('asks for as much liveness as the vendor does, and for no more than a check of the network has', () => {
    expect(context({ type: 'access' }).policy).not.toHaveProperty('livenessLevel');
    for (const livenessLevel of [1, 2]) expect(context({ type: 'access', policy: { livenessLevel } }).policy.livenessLevel).toBe(livenessLevel);
    expect(() => context({ type: 'access', policy: { livenessLevel: 3 } })).toThrow(expect.objectContaining({ errors: [{ pointer: '/policy/livenessLevel', detail: expect.any(String) }] }));
  });

  test.each<[object, readonly string[] | undefined]>([
    [{}, undefined],
    [{ minimumAge: 18 }, ['is_adult']],
    [{ minimumAge: 21, requiredAttributes: ['email'] }, ['email', 'age_over_21']],
    [{ minimumAge: 18, requiredAttributes: ['is_adult'] }, ['is_adult']],
    [{ minimumAge: 21, requiredAttributes: ['birth_date'] }, ['birth_date']],
    [{ minimumAge: 18, optionalAttributes: ['is_adult'] }, ['is_adult']],
  ])('that asks for %j holds the person to %j', (asked, required) => {
    expect(context({ type: 'age', ...asked }).attributes?.required).toEqual(required);
  });

  test('with as many attributes as it can hold has no room for an age', () => {
    const requiredAttributes = Array.from({ length: 16 }, (_, at) => `attribute_${at}`);
    expect(context({ type: 'age', requiredAttributes }).attributes!.required).toHaveLength(16);
    expect(() => context({ type: 'age', minimumAge: 18, requiredAttributes })).toThrow(expect.objectContaining({ errors: [{ pointer: '/requiredAttributes', detail: expect.any(String) }] }));
  });

  test.each([['payment', 30], ['entrance', 15], ['access', 30], ['membership', 30], ['age', 30]] as const)('of type %s lives %i s, then has expired and says why', (type, seconds) => {
    const request = { type, ...(type === 'payment' ? { amount: 5, currency: 'EUR' } : {}) };
    const { record } = openAuthentication({ request, requestHash: requestHashOf(request), context: context(request), link: 'http://c.example/a', nowMs: 1_000_500 });
    const endMs = (1_000 + seconds) * 1_000;
    expect([viewOf(record, endMs - 1).status, viewOf(record, endMs).status]).toEqual(['pending', 'expired']);
    const { record: expired, webhooks } = expireAuthentication(record, endMs);
    expect(viewOf(expired, endMs).outcome).toMatchObject({ reason: 'timeout', retryAllowed: true });
    expect(webhooks).toMatchObject([{ type: 'authentication.expired', vendorId: 'shop' }]);
  });
});

test('every reason says whether the same person may try again', () => {
  expect(retryAllowedAfter).toEqual({
    ok: false, 'no-match': true, 'vendor-not-consented': false, 'user-missing-attributes': false, quality: true, liveness: true, 'device-error': true,
    'vendor-suspended': false, 'insufficient-balance': true, unverified: true, timeout: true,
  });
  const taken = beginProbe(open(), 1_001_000).record;
  for (const reason of ['vendor-suspended', 'insufficient-balance', 'vendor-not-consented', 'user-missing-attributes', 'quality', 'liveness', 'device-error'] as const) {
    const { record, webhooks } = failUndecided(taken, 'till', reason, 1_001_100);
    expect(viewOf(record, 1_001_100)).toMatchObject({ status: 'failed', outcome: { reason, retryAllowed: retryAllowedAfter[reason] } });
    expect(webhooks).toMatchObject([{ type: 'authentication.failed' }]);
  }
});

test('a list of missing attributes goes to the vendor, by webhook too, and not to the terminal', () => {
  const { record, webhooks, events } = decideProbe(beginProbe(open(), 1_001_000).record, { ...decision(false), reason: 'user-missing-attributes', missing: ['phone'] }, 1_001_100);
  expect(viewOf(record, 1_001_100).outcome).toMatchObject({ reason: 'user-missing-attributes', missing: ['phone'] });
  expect(webhooks).toMatchObject([{ data: { authentication: { outcome: { missing: ['phone'] } } } }]);
  expect(terminalViewOf(record, 1_001_100).outcome).toEqual({ reason: 'user-missing-attributes', retryAllowed: false, endedAt: expect.any(String) });
  expect(events.filter((event) => JSON.stringify(event).includes('phone')).map(({ stream }) => stream)).toEqual(['vendor:shop']);
});

test('webhooks never hold the token', () => {
  const { webhooks } = decideProbe(beginProbe(open(), 1_001_000).record, decision(true), 1_001_100);
  expect(webhooks).toMatchObject([{ type: 'authentication.succeeded' }]);
  expect(JSON.stringify(webhooks)).not.toContain('a.b.c');
});

describe('the state of an authentication', () => {
  test('is taken by one probe, and again once a dead one is stale', () => {
    const { record } = beginProbe(open(), 1_001_000);
    expect(() => beginProbe(record, 1_002_000)).toThrow(expect.objectContaining({ code: 'request.conflict' }));
    expect(beginProbe(record, 1_001_000 + staleProcessingMs).record.processingSinceMs).toBe(1_001_000 + staleProcessingMs);
    expect(releaseProbe(record).record).toEqual(open());
  });

  test('shows the token to the vendor only', () => {
    const { record } = decideProbe(beginProbe(open(), 1_001_000).record, decision(true), 1_001_100);
    expect(viewOf(record, 1_001_100).result?.idToken).toBe('a.b.c');
    expect(terminalViewOf(record, 1_001_100).result).not.toHaveProperty('idToken');
    expect(viewOf(record, 1_001_100).result?.idToken).toBe('a.b.c');
  });

  test('reads as expired on time, but a probe in progress is still decided', () => {
    expect(viewOf(open(), 1_030_000).status).toBe('expired');
    const taken = beginProbe(open(), 1_029_999).record;
    expect(viewOf(taken, 1_030_500).status).toBe('processing');
    expect(expireAuthentication(taken, 1_030_500).record).toBe(taken);
    expect(decideProbe(taken, decision(false), 1_030_600).record.status).toBe('failed');
    expect(() => beginProbe(open(), 1_030_000)).toThrow(expect.objectContaining({ code: 'context.expired' }));
  });

  test('ends once: whatever is tried afterwards, the end and its events stay', () => {
    type Step = (record: AuthenticationRecord, nowMs: number) => Transition<AuthenticationRecord>;
    const steps: Record<string, Step> = {
      begin: beginProbe,
      release: releaseProbe,
      accept: (record, nowMs) => decideProbe(record, decision(true), nowMs),
      reject: (record, nowMs) => decideProbe(record, decision(false), nowMs),
      cancel: cancelAuthentication,
      give_up: (record, nowMs) => failCapture(record, 'till', 'quality', nowMs),
      expire: expireAuthentication,
    };
    const over = new Set(['succeeded', 'failed', 'expired', 'cancelled']);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...Object.keys(steps)), fc.integer({ min: 0, max: 9_000 })), { maxLength: 30 }), (plan) => {
        let record = open();
        let nowMs = 1_000_500;
        let ends = 0;
        for (const [name, afterMs] of plan) {
          nowMs += afterMs;
          const before = record;
          let step: Transition<AuthenticationRecord> = { record, events: [] };
          try {
            step = steps[name]!(record, nowMs);
          } catch (error) {
            expect(error).toHaveProperty('code');
          }
          if (over.has(before.status)) expect([step.record, step.events]).toEqual([before, []]);
          else if (over.has(step.record.status)) ends += 1;
          record = step.record;
          expect(record.status === 'succeeded').toBe(record.result?.idToken !== undefined);
        }
        expect(ends).toBe(over.has(record.status) ? 1 : 0);
      }),
    );
  });
});
