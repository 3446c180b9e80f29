import { describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { verifyWebhook } from './verify-webhook.ts';

const secret = `whsec_${btoa('0123456789abcdef0123456789abcdef')}`;
const at = new Date();
const body = JSON.stringify({ type: 'authentication.succeeded', timestamp: at.toISOString(), data: { id: 'ctx_1' } });
const signed = (changes: Record<string, string> = {}) => ({
  'Webhook-Id': 'evt_1',
  'Webhook-Timestamp': String(Math.floor(at.getTime() / 1000)),
  'Webhook-Signature': new Webhook(secret).sign('evt_1', at, body),
  ...changes,
});
const nowMs = at.getTime();

describe('a delivery signed by the reference implementation', () => {
  test.each([['a record', signed()], ['Headers', new Headers(signed())]])('verifies with headers as %s', (_, headers) => {
    expect(verifyWebhook({ body, headers, secret, nowMs })).toEqual({ id: 'evt_1', type: 'authentication.succeeded', timestamp: at.toISOString(), data: { id: 'ctx_1' } });
  });

  test('verifies while the secret is rotated', () => {
    const other = new Webhook(`whsec_${btoa('another secret of thirty-two byte')}`).sign('evt_1', at, body);
    const headers = signed({ 'Webhook-Signature': `${other} ${signed()['Webhook-Signature']}` });
    expect(verifyWebhook({ body, headers, secret, nowMs }).id).toBe('evt_1');
    expect(() => verifyWebhook({ body, headers: signed({ 'Webhook-Signature': other }), secret, nowMs })).toThrow(expect.objectContaining({ code: 'webhook.invalid' }));
  });

  test.each<[string, Partial<Parameters<typeof verifyWebhook>[0]>]>([
    ['another body', { body: body.replace('ctx_1', 'ctx_2') }],
    ['another id', { headers: signed({ 'Webhook-Id': 'evt_2' }) }],
    ['no signature', { headers: signed({ 'Webhook-Signature': '' }) }],
    ['a signature of another kind', { headers: signed({ 'Webhook-Signature': signed()['Webhook-Signature'].replace('v1,', 'v1a,') }) }],
    ['a signature that is no base64', { headers: signed({ 'Webhook-Signature': 'v1,***' }) }],
    ['a time that is no number', { headers: signed({ 'Webhook-Timestamp': 'now' }) }],
    ['an old delivery', { nowMs: nowMs + 400_000 }],
    ['a delivery of the future', { nowMs: nowMs - 400_000 }],
  ])('is refused with %s', (_, changes) => {
    expect(() => verifyWebhook({ body, headers: signed(), secret, nowMs, ...changes })).toThrow(expect.objectContaining({ code: 'webhook.invalid' }));
  });

  test('a secret of another form is the caller’s mistake', () => {
    expect(() => verifyWebhook({ body, headers: signed(), secret: 'sk_test', nowMs })).toThrow(expect.objectContaining({ code: 'webhook.secret-malformed' }));
  });
});
