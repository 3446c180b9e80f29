import { afterEach, describe, expect, test } from '@jest/globals';
import { SigningKey } from '@boop/identity';
import { until } from '../fixtures/scripted-bridge.ts';
import { type SdkPorts, systemRng } from '../ports.ts';
import { createRegistrationClient } from '../registration/registration-client.ts';
import { presentByRest } from '../terminal/present-by-rest.ts';
import { createTerminalClient } from '../terminal/terminal-client.ts';
import { createVendorClient, type VendorClient } from '../vendor/vendor-client.ts';
import { createSandbox, type Sandbox } from './create-sandbox.ts';
import { type SandboxCase, sandboxCapture } from './magic-palms.ts';

const startedAtMs = Date.now();
/** Its time stands still: no context runs out while a slow machine encodes a palm. */
const sandbox = await createSandbox({ clock: { nowMs: () => startedAtMs } });
const cleanUp: (() => void)[] = [];
afterEach(() => cleanUp.splice(0).forEach((step) => step()));

function vendorOf({ vendor }: Sandbox): VendorClient {
  const client = createVendorClient(vendor);
  cleanUp.push(() => client.close());
  return client;
}
const captures = (person: SandboxCase | number): Uint8Array[] => [0, 1, 2].map((capture) => sandboxCapture(person, capture));
const register = (person: SandboxCase | number) =>
  createRegistrationClient(sandbox.registration).register({ accountKey: SigningKey.generate(systemRng), positions: { 'right-palm': captures(person) }, onConsent: () => Promise.resolve(true) });

describe('the sandbox', () => {
  test('authenticates in two lines, with a token and a log entry that verify', async () => {
    const vendor = vendorOf(sandbox);
    const authentication = await vendor.createAuthentication({ type: 'access', nonce: 'n-1' });
    const waiting = authentication.waitForResult();
    sandbox.scan(authentication.id, 'match');
    const result = await waiting;
    expect(result).toMatchObject({ outcome: 'accepted', verified: true, claims: { aud: 'sandbox-vendor', nonce: 'n-1', iss: 'https://sandbox.boop.invalid' } });
    const { logEntry } = result as { logEntry: string };
    expect((await vendor.verifyProof(await vendor.getLogProof(logEntry), logEntry)).entry.kind).toBe('authentication');
  });

  test('the same palm is the same subject, another palm another', async () => {
    const vendor = vendorOf(sandbox);
    const subjects: string[] = [];
    for (const palm of ['match', 'match', 'duplicate'] as const) {
      const authentication = await vendor.createAuthentication({ type: 'membership' });
      sandbox.scan(authentication.id, palm);
      const result = await authentication.waitForResult();
      subjects.push(result.outcome === 'accepted' ? result.claims.sub : '');
    }
    expect(subjects[0]).toBe(subjects[1]);
    expect(subjects[2]).not.toBe(subjects[0]);
    for (const [palm, outcome] of [['match', 'accepted'], ['duplicate', 'rejected']] as const) {
      const claimed = await vendor.createAuthentication({ type: 'membership', subject: subjects[0]! });
      sandbox.scan(claimed.id, palm);
      expect((await claimed.waitForResult()).outcome).toBe(outcome);
    }
  });

  test.each<[SandboxCase, object]>([
    ['no-match', { outcome: 'rejected', reason: 'no-match', retryAllowed: true }],
    ['liveness-failure', { outcome: 'rejected', reason: 'liveness', retryAllowed: true }],
    ['timeout', { outcome: 'expired' }],
  ])('%s, shown to a terminal and to nobody', async (palm, expected) => {
    const clock = { now: startedAtMs, nowMs: () => clock.now };
    const timed = await createSandbox({ clock });
    let accepted = 0;
    const openSocket: SdkPorts['openSocket'] = (url, protocol) => {
      const socket = timed.terminal.ports!.openSocket!(url, protocol);
      socket.addEventListener('message', ({ data }) => (accepted += String(data).includes('probe_accepted') ? 1 : 0));
      return socket;
    };
    const terminal = createTerminalClient({ ...timed.terminal, ports: { ...timed.terminal.ports, openSocket } });
    cleanUp.push(() => terminal.close());
    await terminal.connect();
    const presented: Promise<unknown>[] = [];
    const stop = terminal.onRequest((context) => void presented.push(expect(terminal.present(context, sandboxCapture(palm, 1))).resolves.toMatchObject({ accepted: false, contextId: context.contextId })));
    cleanUp.push(stop);
    for (const terminalId of [undefined, timed.terminal.terminalId]) {
      const authentication = await vendorOf(timed).createAuthentication({ type: 'entrance', ...(palm === 'timeout' && { timeout: 2 }), ...(terminalId === undefined ? {} : { terminalId }) });
      if (terminalId === undefined) timed.scan(authentication.id, palm);
      if (palm === 'timeout') {
        // Not before the palm was shown.
        await until(() => accepted > 0 || terminalId === undefined);
        clock.now += 3_000;
      }
      expect(await authentication.waitForResult()).toMatchObject(expected);
    }
    await Promise.all(presented);
    expect(presented).toHaveLength(1);
  }, 120_000);

  test('too few nodes are up: the terminal is told, the context stays open for another try', async () => {
    const authentication = await vendorOf(sandbox).createAuthentication({ type: 'access' });
    const terminal = { gatewayUrl: sandbox.vendor.gatewayUrl, terminalKey: sandbox.terminal.terminalKey, device: sandbox.terminal.device, ports: sandbox.vendor.ports!, authentication: authentication.authentication };
    await expect(presentByRest({ ...terminal, capture: sandboxCapture('node-down') })).rejects.toMatchObject({ code: 'mpc.nodes-unavailable', kind: 'unavailable', retryAllowed: true });
    const seen = await presentByRest({ ...terminal, capture: sandboxCapture('match') });
    expect(seen.result).toMatchObject({ reason: 'ok' });
    expect(seen.result).not.toHaveProperty('idToken');
    await expect(presentByRest({ ...terminal, capture: sandboxCapture('match') })).rejects.toMatchObject({ code: 'context.decided' });
  });

  test('who registers is recognised, and can’t register again', async () => {
    expect(await register(1)).toMatchObject({ verified: true, positions: ['right-palm'] });
    await expect(register(1)).rejects.toMatchObject({ code: 'registration.duplicate' });
    await expect(register('duplicate')).rejects.toMatchObject({ code: 'registration.duplicate' });
    await expect(register('node-down')).rejects.toMatchObject({ code: 'mpc.nodes-unavailable', retryAllowed: true });
    const outcomes: string[] = [];
    for (const person of [1, 2]) {
      const authentication = await vendorOf(sandbox).createAuthentication({ type: 'access' });
      await presentByRest({ gatewayUrl: sandbox.vendor.gatewayUrl, terminalKey: 'tk', device: sandbox.terminal.device, ports: sandbox.vendor.ports!, authentication: authentication.authentication, capture: sandboxCapture(person, 2) });
      outcomes.push((await authentication.waitForResult()).outcome);
    }
    expect(outcomes).toEqual(['accepted', 'rejected']);
  }, 120_000);

  test('cancelling, and what the sandbox does not have', async () => {
    const vendor = vendorOf(sandbox);
    const authentication = await vendor.createAuthentication({ type: 'access', contextId: 'order-1' });
    await authentication.cancel();
    expect(await authentication.waitForResult()).toMatchObject({ outcome: 'cancelled' });
    await expect(authentication.cancel()).rejects.toMatchObject({ code: 'context.decided' });
    expect(() => sandbox.scan('nothing', 'match')).toThrow(expect.objectContaining({ code: 'request.not-found' }));
    await expect(vendor.createAuthentication({ type: 'payment', contextId: 'order-1' })).rejects.toMatchObject({ code: 'request.conflict' });
  });

  test('a token of one sandbox is no token of another', async () => {
    const other = await createSandbox();
    const authentication = await vendorOf(other).createAuthentication({ type: 'access', nonce: 'n' });
    other.scan(authentication.id, 'match');
    const result = await authentication.waitForResult();
    await expect(vendorOf(sandbox).verifyToken((result as { idToken: string }).idToken, { nonce: 'n' })).rejects.toMatchObject({ code: 'token.invalid' });
  });
});
