import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SigningKey } from '@boop/identity';
import { systemRng } from '@boop/platform';
import { pairingDomain } from '@boop/protocol';
import { fromBase64Url, toBase64Url } from '@boop/shared';
import { pairingBytes } from './terminals/pairing-service.ts';
import { keys, TestGateway } from './testing/test-gateway.ts';

let g: TestGateway;
beforeAll(async () => {
  g = await TestGateway.start();
}, 120_000);
afterAll(() => g.stop());

const get = (path: string, key: string, headers: Record<string, string> = {}) => g.call('GET', path, { key, headers });
const post = (path: string, key: string | undefined, body: unknown = {}, headers: Record<string, string> = {}) => g.call('POST', path, { ...(key === undefined ? {} : { key }), body, headers });

describe('vendors', () => {
  const corner = { id: 'corner', name: 'Corner Shop', sector: 'corner.example' };

  test('are added by an admin, listed in pages, read by themselves', async () => {
    expect(await post('/v1/vendors', keys.admin, corner)).toMatchObject({ status: 201, body: { ...corner, status: 'active', sandbox: false, authenticationsPerMinute: 100 } });
    expect(await post('/v1/vendors', keys.admin, corner)).toMatchObject({ status: 409, body: { code: 'request.conflict' } });
    const first = await get('/v1/vendors?limit=1', keys.auditor);
    expect(first.body.vendors.map(({ id }: { id: string }) => id)).toEqual(['corner']);
    const rest = await get(`/v1/vendors?limit=10&cursor=${first.body.next}`, keys.auditor);
    expect(rest.body.vendors.map(({ id }: { id: string }) => id)).toEqual(['other', 'shop']);
    expect(rest.body.next).toBeUndefined();
    expect(await get('/v1/vendors/shop', keys.shop)).toMatchObject({ status: 200, body: { id: 'shop' } });
    expect(await get('/v1/vendors/other', keys.shop)).toMatchObject({ status: 404 });
  });

  test('change only from what was read', async () => {
    const before = await get('/v1/vendors/corner', keys.admin);
    const patch = (etag: string, body: object) => g.call('PATCH', '/v1/vendors/corner', { key: keys.admin, body, headers: { 'if-match': etag } });
    expect(await patch(before.headers.get('etag')!, { name: 'Corner' })).toMatchObject({ status: 200, body: { name: 'Corner' } });
    expect(await patch(before.headers.get('etag')!, { name: 'Lost' })).toMatchObject({ status: 412, body: { code: 'request.precondition-failed' } });
    expect(await get('/v1/vendors/corner', keys.admin)).toMatchObject({ body: { name: 'Corner' } });
    expect(await patch('*', { operatingPoint: 'none' })).toMatchObject({ status: 400, body: { errors: [{ pointer: '/operatingPoint' }] } });
    expect(await patch('*', {})).toMatchObject({ status: 400 });
  });

  test('that are suspended make no key and pair no terminal', async () => {
    expect(await post('/v1/vendors/other/suspend', keys.admin)).toMatchObject({ status: 200, body: { status: 'suspended' } });
    expect(await post('/v1/api-keys', keys.other)).toMatchObject({ status: 403, body: { code: 'vendor.suspended' } });
    expect(await post('/v1/terminals', keys.other, { code: 'AAAA-AAAA' })).toMatchObject({ status: 403, body: { code: 'vendor.suspended' } });
    expect(await post('/v1/vendors/other/resume', keys.admin)).toMatchObject({ status: 200, body: { status: 'active' } });
  });
});

describe('keys', () => {
  test('are told once, stored hashed, and end when revoked', async () => {
    const made = await post('/v1/api-keys', keys.shop, { name: 'second' });
    expect(made).toMatchObject({ status: 201, body: { role: 'vendor', principal: 'shop', name: 'second', key: expect.stringMatching(/^sk_live_[\w-]{43}$/) } });
    const { id, key } = made.body;
    expect(await get('/v1/vendors/shop', key)).toMatchObject({ status: 200 });
    const read = await get(`/v1/api-keys/${id}`, keys.shop);
    expect(read.body).not.toHaveProperty('key');
    expect(await get(`/v1/api-keys/${id}`, keys.other)).toMatchObject({ status: 404 });
    const dump = JSON.stringify(await g.sql('SELECT row_to_json(k)::text FROM api_keys k'));
    expect(dump).not.toContain(key);
    expect(await g.call('DELETE', `/v1/api-keys/${id}`, { key: keys.other })).toMatchObject({ status: 404 });
    expect(await g.call('DELETE', `/v1/api-keys/${id}`, { key: keys.shop })).toMatchObject({ status: 204 });
    expect(await get('/v1/vendors/shop', key)).toMatchObject({ status: 401 });
  });

  test('rotate with an overlap, and without one at once', async () => {
    const { id, key } = (await post('/v1/api-keys', keys.shop)).body;
    const next = await post(`/v1/api-keys/${id}/rotation`, keys.shop, { overlapSeconds: 3_600 });
    expect(next).toMatchObject({ status: 201 });
    expect([(await get('/v1/vendors/shop', key)).status, (await get('/v1/vendors/shop', next.body.key)).status]).toEqual([200, 200]);
    const last = await post(`/v1/api-keys/${next.body.id}/rotation`, keys.shop, { overlapSeconds: 0 });
    expect([(await get('/v1/vendors/shop', next.body.key)).status, (await get('/v1/vendors/shop', last.body.key)).status]).toEqual([401, 200]);
  });

  test('of other roles are an admin’s to make', async () => {
    expect(await post('/v1/api-keys', keys.shop, { role: 'admin', principal: 'me' })).toMatchObject({ status: 403 });
    expect(await post('/v1/api-keys', keys.shop, { role: 'vendor', principal: 'other' })).toMatchObject({ status: 403 });
    expect(await post('/v1/api-keys', keys.admin, {})).toMatchObject({ status: 400 });
    const { key } = (await post('/v1/api-keys', keys.admin, { role: 'auditor', principal: 'max' })).body;
    expect(key).toMatch(/^rk_live_/);
    expect(await get('/v1/audit', key)).toMatchObject({ status: 200 });
  });

  test('are deleted so many times a minute, which the answers count down; other requests go on', async () => {
    const remove = (key: string) => g.call('DELETE', '/v1/api-keys/nothing', { key });
    const leftOf = (headers: Headers): number => Number(/^"deletions";r=(\d);t=\d+$/.exec(headers.get('ratelimit')!)![1]);
    for (let left = leftOf((await remove(keys.other)).headers); left > 0; left--) {
      const { status, headers } = await remove(keys.other);
      expect([status, headers.get('ratelimit-policy'), leftOf(headers)]).toEqual([404, '"deletions";q=10;w=60', left - 1]);
    }
    const refused = await remove(keys.other);
    expect(refused).toMatchObject({ status: 429, body: { code: 'request.rate-limited', retryAllowed: true } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await remove(keys.admin)).status).toBe(404);
    expect(await get('/v1/vendors/other', keys.other)).toMatchObject({ status: 200 });
  });

  test('of the sandbox are anybody’s, a few a minute', async () => {
    const { status, body } = await post('/v1/sandbox/keys', undefined, { name: 'Trial' });
    expect(status).toBe(201);
    expect(body).toMatchObject({ vendor: { sandbox: true, name: 'Trial' }, key: { key: expect.stringMatching(/^sk_test_/) } });
    expect(await get(`/v1/vendors/${body.vendor.id}`, body.key.key)).toMatchObject({ status: 200 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => post('/v1/sandbox/keys', undefined, { name: 'Trial' })));
    const refused = answers.filter((answer) => answer.status === 429);
    expect(refused).toHaveLength(6);
    expect(refused[0]).toMatchObject({ body: { code: 'request.rate-limited' } });
    expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused[0]!.headers.get('ratelimit')).toMatch(/^"sign-ups";r=0;t=\d+$/);
  });
});

describe('terminals', () => {
  const device = SigningKey.generate(systemRng);
  const key = `tk_live_${toBase64Url(systemRng.bytes(32))}`;
  const keyHash = createHash('sha256').update(key).digest('base64url');
  const signature = device.sign(pairingDomain, pairingBytes('test-net', fromBase64Url(keyHash)));

  test('pair by the code that they show, once', async () => {
    expect(await post('/v1/pairings', undefined, { deviceKey: device.publicKey, keyHash, signature: toBase64Url(new Uint8Array(64)) })).toMatchObject({ status: 422, body: { code: 'pairing.bad-signature' } });
    const opened = await post('/v1/pairings', undefined, { deviceKey: device.publicKey, keyHash, signature });
    expect(opened).toMatchObject({ status: 201, body: { code: expect.stringMatching(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/) } });
    const { id, code } = opened.body;
    expect(await g.call('GET', `/v1/pairings/${id}`)).toMatchObject({ body: { status: 'waiting' } });
    expect(await get('/v1/terminals/kiosk', key)).toMatchObject({ status: 401 });
    expect(await post('/v1/terminals', keys.shop, { code: '0000-0000' })).toMatchObject({ status: 404, body: { code: 'pairing.unknown-code' } });
    expect(await post('/v1/terminals', keys.shop, { code: code.toLowerCase().replace('-', ''), id: 'kiosk', name: 'Kiosk' })).toMatchObject({ status: 201, body: { id: 'kiosk', vendorId: 'shop', deviceKey: device.publicKey } });
    expect(await post('/v1/terminals', keys.shop, { code, id: 'again' })).toMatchObject({ status: 404, body: { code: 'pairing.unknown-code' } });
    expect(await g.call('GET', `/v1/pairings/${id}`)).toMatchObject({ body: { status: 'paired', terminalId: 'kiosk', vendorId: 'shop' } });
    expect(await get('/v1/terminals/kiosk', key)).toMatchObject({ status: 200 });
    expect(await get('/v1/terminals/till', key)).toMatchObject({ status: 404 });
    expect(await g.sql('SELECT stream FROM channel_streams WHERE stream = $1', ['pvs:kiosk'])).toHaveLength(1);
  });

  test('of others are not seen; suspended ones are turned away, unpaired ones forgotten', async () => {
    expect((await get('/v1/terminals', keys.other)).body.terminals.map(({ id }: { id: string }) => id)).toEqual(['other-till']);
    expect(await get('/v1/terminals/kiosk', keys.other)).toMatchObject({ status: 404 });
    expect(await post('/v1/terminals/kiosk/suspend', keys.shop)).toMatchObject({ status: 200, body: { status: 'suspended' } });
    expect(await post('/v1/authentications', keys.shop, { type: 'access', terminalId: 'kiosk' })).toMatchObject({ status: 403 });
    expect(await post('/v1/terminals/kiosk/resume', keys.shop)).toMatchObject({ body: { status: 'active' } });
    expect(await post('/v1/authentications', keys.shop, { type: 'access', terminalId: 'kiosk' })).toMatchObject({ status: 201 });
    expect(await g.call('DELETE', '/v1/terminals/kiosk', { key: keys.shop })).toMatchObject({ status: 204 });
    expect(await get('/v1/terminals/kiosk', key)).toMatchObject({ status: 401 });
    expect(await post('/v1/terminals/kiosk/resume', keys.shop)).toMatchObject({ status: 409 });
  });
});

describe('authentications', () => {
  test('are listed newest first, filtered, in pages, and their own vendor’s only', async () => {
    const open = async (body: object) => (await post('/v1/authentications', keys.shop, { type: 'access', ...body })).body.id as string;
    const ids = [await open({ reference: 'a' }), await open({ reference: 'b', venueId: 'hall' }), await open({ type: 'payment', amount: 5, currency: 'EUR', reference: 'a' })];
    await post(`/v1/authentications/${ids[0]}/cancel`, keys.shop);
    const list = async (query: string, key: string = keys.shop) => (await get(`/v1/authentications?${query}`, key)).body as { authentications: { id: string }[]; next?: string };
    const idsOf = ({ authentications }: { authentications: { id: string }[] }) => authentications.map(({ id }) => id);
    expect(idsOf(await list('limit=3'))).toEqual([...ids].reverse());
    const walked: string[] = [];
    for (let next: string | undefined = ''; next !== undefined; ) {
      const page: Awaited<ReturnType<typeof list>> = await list(`limit=1${next && `&cursor=${next}`}`);
      walked.push(...idsOf(page));
      next = page.next;
    }
    expect(walked).toEqual(idsOf(await list('limit=100')));
    expect(idsOf(await list('reference=a'))).toEqual([ids[2], ids[0]]);
    expect(idsOf(await list('status=cancelled'))).toEqual([ids[0]]);
    expect(idsOf(await list('type=payment'))).toEqual([ids[2]]);
    expect(idsOf(await list('to=2020-01-01T00:00:00Z'))).toEqual([]);
    expect(idsOf(await list('', keys.other))).toEqual([]);
    expect(await get('/v1/authentications?cursor=bm9uc2Vuc2U', keys.shop)).toMatchObject({ status: 400, body: { errors: [{ pointer: '/cursor' }] } });
    expect((await list('reference=b')).authentications[0]).toMatchObject({ venueId: 'hall', reference: 'b' });
  });
});

describe('the trail', () => {
  test('names who changed what, also in vain, and nothing of the content', async () => {
    await post('/v1/vendors/corner/suspend', keys.shop, {}, { 'x-request-id': 'trail-1' });
    await post('/v1/vendors/corner/suspend', keys.admin, {}, { 'x-request-id': 'trail-2' });
    const { body } = await get(`/v1/audit?action=${encodeURIComponent('POST /v1/vendors/{id}/suspend')}&target=corner`, keys.auditor);
    expect(body.entries).toMatchObject([
      { requestId: 'trail-2', role: 'admin', principal: 'root', target: 'corner', status: 200 },
      { requestId: 'trail-1', role: 'vendor', principal: 'shop', target: 'corner', status: 403 },
    ]);
    expect((await g.events('admin')).filter(({ type }) => type === 'audit').at(-1)).toEqual({ type: 'audit', entry: body.entries[0] });
    expect(JSON.stringify((await get('/v1/audit?limit=100', keys.admin)).body)).not.toMatch(/Corner|_live_|_test_/);
    const page = await get('/v1/audit?limit=1', keys.admin);
    expect((await get(`/v1/audit?limit=1&cursor=${page.body.next}`, keys.admin)).body.entries[0].id).not.toBe(page.body.entries[0].id);
  });

  test.each(["UPDATE audit_entries SET role = 'vendor'", 'DELETE FROM audit_entries', 'TRUNCATE audit_entries'])('can’t be rewritten: %s', async (statement) => {
    await expect(g.sql(statement)).rejects.toThrow('append-only');
  });
});
