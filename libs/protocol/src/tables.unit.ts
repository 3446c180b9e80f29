import { describe, expect, test } from '@jest/globals';
import { BoopError, canonicalJson } from '@boop/shared';
import { logEntryBytes, parseLogEntry, parseManifest, problemOf, problems, signersNeeded, supportedParameters, vendorClientMessage } from './index.ts';

const key = 'A'.repeat(43);
const member = (party: number, jurisdiction: string) => ({ party, name: `node-${party}`, jurisdiction, identityKey: key, hpkeKey: key, host: '127.0.0.1', linkPort: 1000 + party });
const manifest = {
  v: 1, networkId: 'net', testNetwork: false, epoch: 1, threshold: 1, members: ['CH', 'DE', 'JP'].map((at, i) => member(i + 1, at)), logOrigin: 'boop.example/log',
  operatingPoints: [{ id: 'default', encoder: 'palm-compcode-1', falseMatchRate: 1e-6, theta: 100 }], defaultOperatingPoint: 'default',
  consentTexts: [{ version: 'v1', locale: 'en', title: 't', text: 'x' }],
};

describe('the manifest', () => {
  test('parses', () => expect(parseManifest(manifest).members).toHaveLength(3));
  test.each([
    ['one jurisdiction twice', { members: ['CH', 'CH', 'JP'].map((at, i) => member(i + 1, at)) }],
    ['an unsupported threshold', { threshold: 2 }],
    ['members out of order', { members: ['CH', 'DE', 'JP'].map((at, i) => member(3 - i, at)) }],
    ['a default that is not in the menu', { defaultOperatingPoint: 'none' }],
    ['an unknown field', { extra: 1 }],
  ])('is refused with %s', (_, change) => {
    expect(() => parseManifest({ ...manifest, ...change })).toThrow(expect.objectContaining({ code: 'manifest.invalid' }));
  });
  test('two quorums of the log key share an honest node', () => {
    for (const [nodes, threshold] of supportedParameters) {
      const signers = signersNeeded('log', nodes, threshold);
      expect(2 * signers - nodes).toBeGreaterThan(threshold);
      expect(signersNeeded('token', nodes, threshold)).toBe(2 * threshold + 1);
    }
    expect(signersNeeded('log', 5, 1)).toBe(4);
  });
});

describe('log entries', () => {
  const entry = { v: 1, kind: 'authentication', networkId: 'net', epoch: 1, time: 5, session: key, decision: 'rejected', verified: false } as const;
  test('round-trip through their canonical bytes only', () => {
    expect(parseLogEntry(logEntryBytes(entry))).toEqual(entry);
    for (const bytes of [new TextEncoder().encode(JSON.stringify({ ...entry })), canonicalJson({ ...entry, name: 'x' }), new Uint8Array([255])])
      expect(() => parseLogEntry(bytes)).toThrow(expect.objectContaining({ code: 'log.malformed-entry' }));
  });

  const common = { v: 1, networkId: 'net', epoch: 1, time: 5 } as const;
  test.each([
    { ...common, kind: 'registration', session: key, consent: key, split: key, verified: true },
    { ...common, kind: 're-enrolment', session: key, consent: key, split: key, verified: true },
    { ...common, kind: 'consent', consent: key, action: 'withdrawn' },
    { ...common, kind: 'attributes', commitment: key, action: 'set' },
    { ...common, kind: 'transfers', batch: 1, count: 12, root: key },
    { ...common, kind: 'balances', revision: 1, commitment: key },
    { ...common, kind: 'epoch', from: 1, to: 2, manifest: key },
    { ...common, kind: 'configuration', component: 'gateway-1', digest: key },
    { ...common, kind: 'erasure', scope: 'openings', receipt: key },
    { ...common, kind: 'attestation', component: 'node-1', digest: key, statement: key },
    { ...common, kind: 'map-revision', revision: 1, previousRoot: key, root: key, previousEntry: null, mutations: { count: 3, root: key }, vrfKey: key },
  ] as const)('of kind $kind round-trip, and with anything else in them are refused', (one) => {
    expect(parseLogEntry(logEntryBytes(one))).toEqual(one);
    for (const change of [{ name: 'Ada' }, { epoch: 0 }, { time: -1 }]) {
      expect(() => parseLogEntry(canonicalJson({ ...one, ...change }))).toThrow(expect.objectContaining({ code: 'log.malformed-entry' }));
    }
  });
});

describe('problems', () => {
  test('known codes keep their message; anything else shows nothing of its cause', () => {
    expect(problemOf(new BoopError('registration.duplicate', 'seen before'), 'r1')).toMatchObject({ status: 409, code: 'registration.duplicate', detail: 'seen before', requestId: 'r1' });
    expect(problemOf(new Error('password=hunter2'))).toEqual({ type: 'https://boop.network/problems/service.internal', title: problems['service.internal'].title, status: 500, code: 'service.internal', retryAllowed: true });
    expect(problemOf(new BoopError('committee.too-few-nodes', 'x', { kind: 'unavailable' })).code).toBe('mpc.nodes-unavailable');
    expect(problemOf(new BoopError('run.aborted', 'x', { kind: 'peer' })).code).toBe('mpc.aborted');
  });
});

test('a message with an unknown field is refused', () => {
  expect(vendorClientMessage.safeParse({ type: 'ping' }).success).toBe(true);
  expect(vendorClientMessage.safeParse({ type: 'ping', extra: true }).success).toBe(false);
});
