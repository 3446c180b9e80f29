import { describe, expect, test } from '@jest/globals';
import { SigningKey } from '@boop/identity';
import { Webhook } from 'standardwebhooks';
import { allowedAddress, isAllowedAddress } from './address-guard.ts';
import { retryDelayMs, retryDelaysMs } from './retry.ts';
import { webhookSender } from './send-webhook.ts';
import { endpointSecret, signWebhook } from './signature.ts';

describe('addresses', () => {
  test.each(['10.0.0.1', '172.16.5.4', '172.31.255.255', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '192.0.2.7', '198.18.0.1', '224.0.0.1', '255.255.255.255', '::', 'fe80::1', 'fc00::1', 'fd12::1', '::ffff:10.0.0.1', '::ffff:8.8.8.8', '64:ff9b::a00:1', '2002:a00:1::', '2001:db8::1', '2001::1', 'ff02::1', 'example.com', ''])('%s is never called', (address) => {
    for (const allowLoopback of [true, false]) expect(isAllowedAddress(address, allowLoopback)).toBe(false);
  });
  test.each(['127.0.0.1', '127.255.0.1', '::1'])('%s is called in test networks only', (address) => {
    expect([isAllowedAddress(address, true), isAllowedAddress(address, false)]).toEqual([true, false]);
  });
  test.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'])('%s is called', (address) => {
    expect(isAllowedAddress(address, false)).toBe(true);
  });
  test('one private address of a name is one too many', async () => {
    const resolve = async () => [{ address: '8.8.8.8', family: 4 }, { address: '10.0.0.1', family: 4 }];
    expect(await allowedAddress('shop.example', false, resolve)).toBeUndefined();
    expect(await allowedAddress('[::1]', false, resolve)).toBeUndefined();
    expect(await allowedAddress('2130706433', false, async () => [{ address: '127.0.0.1', family: 4 }])).toBeUndefined();
  });
  test('nothing is sent without TLS, to private addresses, or to names that do not resolve', async () => {
    const send = (url: string, addresses: string[]) => webhookSender({ testNetwork: false, resolve: async () => (addresses.length ? addresses.map((address) => ({ address, family: 4 })) : Promise.reject(new Error('unknown'))) })({ url, headers: {}, body: '{}' });
    expect(await send('http://shop.example/', ['8.8.8.8'])).toEqual({ ok: false, failure: 'address-refused' });
    expect(await send('https://shop.example/', ['127.0.0.1'])).toEqual({ ok: false, failure: 'address-refused' });
    expect(await send('https://shop.example/', [])).toEqual({ ok: false, failure: 'unreachable' });
  });
});

describe('signatures', () => {
  const secret = endpointSecret(SigningKey.fromSecret(new Uint8Array(32).fill(7)), 'we_1', 1);
  test('verify with the reference library, one for each secret', () => {
    const other = endpointSecret(SigningKey.fromSecret(new Uint8Array(32).fill(7)), 'we_1', 2);
    expect(other).not.toBe(secret);
    const timestamp = Math.floor(Date.now() / 1000);
    const headers = { 'webhook-id': 'evt_1', 'webhook-timestamp': String(timestamp), 'webhook-signature': signWebhook([secret, other], 'evt_1', timestamp, '{"a":1}') };
    for (const valid of [secret, other]) expect(new Webhook(valid).verify('{"a":1}', headers)).toEqual({ a: 1 });
    expect(() => new Webhook(secret).verify('{"a":2}', headers)).toThrow();
    expect(() => new Webhook(secret).verify('{"a":1}', { ...headers, 'webhook-id': 'evt_2' })).toThrow();
  });
  test('match the vector of the specification', () => {
    expect(signWebhook(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, '{"test": 2432232314}')).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });
});

test('waits grow, vary by a fifth at most, and end after about three days', () => {
  const bounds = retryDelaysMs.map((delay, i) => [retryDelayMs(i + 1, 0), retryDelayMs(i + 1, 1)].map((value) => value! / delay));
  for (const [low, high] of bounds) expect([low, high]).toEqual([expect.closeTo(0.8, 5), expect.closeTo(1.2, 5)]);
  expect(retryDelayMs(retryDelaysMs.length + 1, 0.5)).toBeUndefined();
  expect([...retryDelaysMs].sort((a, b) => a - b)).toEqual(retryDelaysMs);
  expect(retryDelaysMs.reduce((sum, one) => sum + one, 0) / 3_600_000).toBeGreaterThan(72);
});
