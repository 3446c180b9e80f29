import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ownerAuthorization, type OwnerCall, ownerCallBytes, ownerCallDomain, signAsOwner, signedOwnerCall, SigningKey } from '@boop/identity';
import { systemRng } from '@boop/platform';
import { type CustodianOrder, custodianOrderMessage, custodianOrderOf, logEntryBytes, logEntryHash, type PalmErasure, palmErasureBytes, palmErasureDomain, parseLogEntry, type SignedPalmErasure, type SignedSubjectOrder, type SubjectExport, type SubjectOrder, subjectOrderBytes, subjectOrderDomain, type SubjectReceipt } from '@boop/protocol';
import { fromBase64Url, toBase64Url, utf8 } from '@boop/shared';
import { networkId } from '../testing/fake-network.ts';
import { eventually, keys, TestGateway } from '../testing/test-gateway.ts';

const [owner, stranger] = [SigningKey.generate(systemRng), SigningKey.generate(systemRng)];
const zeros = toBase64Url(new Uint8Array(32));
const registration = logEntryBytes({ v: 1, networkId, epoch: 1, time: 5, kind: 'registration', session: zeros, consent: zeros, split: zeros, verified: true });
const seconds = (): number => Math.floor(Date.now() / 1000);
const common = () => ({ v: 1, networkId, accountKey: owner.publicKey, requestedAt: seconds(), nonce: toBase64Url(systemRng.bytes(32)) }) as const;
const orderOf = (action: SubjectOrder['action'], by = owner): SignedSubjectOrder => {
  const record: SubjectOrder = { ...common(), kind: 'subject-order', action };
  return { record, signed: signAsOwner(subjectOrderDomain, subjectOrderBytes(record), by) };
};
const erasureOf = (): SignedPalmErasure => {
  const record: PalmErasure = { ...common(), kind: 'palm-erasure' };
  return { record, signed: signAsOwner(palmErasureDomain, palmErasureBytes(record), owner) };
};

let g: TestGateway;
let custodian: string;
beforeAll(async () => {
  g = await TestGateway.start();
  g.nodes.subjects.registered.set(owner.publicKey, registration);
  custodian = ((await g.call('POST', '/v1/api-keys', { key: keys.admin, body: { role: 'custodian', principal: 'node-2' } })).body as { key: string }).key;
}, 120_000);
afterAll(() => g?.stop());

const read = async (path: string, key = owner) => {
  const record: OwnerCall = { v: 1, kind: 'owner-call', networkId, accountKey: key.publicKey, method: 'GET', path, issuedAt: seconds(), nonce: toBase64Url(systemRng.bytes(16)) };
  return await g.call('GET', path, { headers: { authorization: ownerAuthorization(signedOwnerCall(record, signAsOwner(ownerCallDomain, ownerCallBytes(record), key))) } });
};
const codeOf = async (path: string, body: unknown): Promise<string> => ((await g.call('POST', path, { body })).body as { code: string }).code;

describe('a person', () => {
  test('who is registered is told so, and a stranger that nothing is', async () => {
    expect(await read('/v1/subjects/me')).toMatchObject({ status: 200, body: { accountKey: owner.publicKey, status: 'active', suspendedBy: [], registrations: 1 } });
    expect(await read('/v1/subjects/me', stranger)).toMatchObject({ status: 404, body: { code: 'subject.unknown' } });
  });

  test('is suspended at their own order, of which the log has an entry once, however often it is sent', async () => {
    const order = orderOf('suspend');
    const { status, body } = await g.call('POST', '/v1/subjects/suspend', { body: { order } });
    expect(status).toBe(200);
    const receipt = body as SubjectReceipt;
    expect(parseLogEntry(fromBase64Url(receipt.entry))).toMatchObject({ kind: 'suspension', action: 'suspend' });
    expect([receipt.receipts.map(({ party }) => party), receipt.pending]).toEqual([[1, 2, 3], [4, 5]]);
    expect((await g.call('POST', '/v1/subjects/suspend', { body: { order } })).status).toBe(200);
    await eventually(() => g.ledger.entries.includes(receipt.logEntry));
    expect(g.ledger.entries.filter((entry) => entry === receipt.logEntry)).toHaveLength(1);
    // Two nodes have yet to hear of it; t+1 others say the same.
    g.nodes.subjects.behind.add(1).add(4);
    expect((await read('/v1/subjects/me')).body).toMatchObject({ status: 'suspended', suspendedBy: ['owner'] });
  });

  test('is refused with the order of somebody else, for another network or to another path', async () => {
    expect(await codeOf('/v1/subjects/suspend', { order: orderOf('suspend', stranger) })).toBe('owner.bad-signature');
    expect(await codeOf('/v1/subjects/suspend', { order: orderOf('resume') })).toBe('request.conflict');
    const order = orderOf('suspend');
    expect(await codeOf('/v1/subjects/suspend', { order: { ...order, record: { ...order.record, networkId: 'other' } } })).toBe('subject.wrong-network');
    expect(await codeOf('/v1/subjects/suspend', { order: { ...order, reason: 'x' } })).toBe('request.malformed');
    expect(g.nodes.subjects.orders.every(({ record }) => record.action === 'suspend')).toBe(true);
  });

  test('gets all that the nodes hold, with proofs of the entries that the log has', async () => {
    g.nodes.subjects.behind.clear();
    let exported!: SubjectExport;
    // A node that doesn't answer within seconds, since this machine is busy, is left out.
    await eventually(async () => {
      exported = (await read('/v1/subjects/me/export')).body as SubjectExport;
      return exported.nodes === 5;
    });
    expect(exported).toMatchObject({ v: 1, nodes: 5, record: { accountKey: owner.publicKey, suspendedBy: ['owner'] } });
    const [first] = exported.record.orders;
    expect(exported.proofs.map(({ kind, proof }) => [kind, proof !== undefined])).toEqual([['registration', false], ['consent', false], ['suspension', true]]);
    expect(exported.proofs[0]!.logEntry).toBe(logEntryHash(registration));
    expect(first!.record.action).toBe('suspend');
  });

  test('who registered anew is told so, with the consent that asked for it', async () => {
    const renewed = SigningKey.generate(systemRng);
    g.nodes.subjects.registered.set(renewed.publicKey, logEntryBytes({ v: 1, networkId, epoch: 1, time: 6, kind: 're-enrolment', session: zeros, consent: zeros, split: zeros, verified: true }));
    const { proofs } = (await read('/v1/subjects/me/export', renewed)).body as SubjectExport;
    expect(proofs.map(({ kind }) => kind)).toEqual(['re-enrolment', 'consent']);
  });
});

describe('an order of an admin', () => {
  const draw = async (action: string): Promise<CustodianOrder> => (await g.call('POST', '/v1/subjects/orders', { key: keys.admin, body: { action, accountKey: owner.publicKey, reason: 'order of a court' } })).body as CustodianOrder;
  const signatureOf = (order: CustodianOrder, party: number): string => {
    const { domain, record } = custodianOrderOf(order.document, g.nodes.manifest);
    return g.nodes.identities[party - 1]!.sign(domain, domain === palmErasureDomain ? palmErasureBytes(record) : subjectOrderBytes(record));
  };
  const sign = async (order: CustodianOrder, party: number, signature = signatureOf(order, party), key = custodian) => await g.call('POST', `/v1/subjects/orders/${order.id}/signatures`, { key, body: { party, signature } });

  test('does nothing until t+1 custodians have signed it', async () => {
    const order = await draw('erase');
    expect(order).toMatchObject({ status: 'waiting', signaturesNeeded: 2, signedBy: [], createdBy: 'root' });
    expect(custodianOrderMessage(custodianOrderOf(order.document, g.nodes.manifest)).length).toBeGreaterThan(100);
    expect((await sign(order, 2, signatureOf(order, 2), keys.admin)).status).toBe(403);
    expect(await sign(order, 3, signatureOf(order, 2))).toMatchObject({ status: 403, body: { code: 'custodians.bad-signatures' } });
    expect(await sign(order, 9, signatureOf(order, 2))).toMatchObject({ status: 403 });
    for (let i = 0; i < 2; i++) expect((await sign(order, 2)).body).toMatchObject({ status: 'waiting', signedBy: [2] });
    expect(g.nodes.subjects.erasures).toHaveLength(0);
    const done = (await sign(order, 5)).body as CustodianOrder;
    expect(done).toMatchObject({ status: 'done', signedBy: [2, 5] });
    expect(g.nodes.subjects.erasures[0]!.signed).toMatchObject({ method: 'custodians' });
    await eventually(() => g.ledger.entries.includes(done.receipt!.logEntry));
    expect((await read('/v1/subjects/me')).body).toMatchObject({ status: 'erased', registrations: 0 });
    expect((await sign(order, 1)).body).toMatchObject({ code: 'request.conflict' });
    expect((await sign(order, 5)).body).toMatchObject({ status: 'done' });
  });

  test('that the nodes can’t obey is refused for good, and readers see all', async () => {
    const order = (await g.call('POST', '/v1/subjects/orders', { key: keys.admin, body: { action: 'suspend', accountKey: stranger.publicKey, reason: 'fraud' } })).body as CustodianOrder;
    await sign(order, 1);
    expect((await sign(order, 3)).body).toMatchObject({ status: 'refused', code: 'subject.unknown' });
    const list = await g.call('GET', '/v1/subjects/orders?limit=1', { key: keys.auditor });
    expect(list.body).toMatchObject({ orders: [{ id: order.id }], next: expect.any(String) });
    expect((await g.call('GET', '/v1/subjects/orders?limit=1&cursor=' + (list.body as { next: string }).next, { key: custodian })).body).toMatchObject({ orders: [{ action: 'erase', status: 'done' }] });
    const draw = (reason: string) => g.call('POST', '/v1/subjects/orders', { key: keys.admin, body: { action: 'suspend', accountKey: stranger.publicKey, reason }, headers: { 'idempotency-key': 'order-1' } });
    const repeated = [await draw('fraud'), await draw('fraud')];
    expect(repeated[1]).toMatchObject({ status: 201, body: repeated[0]!.body });
    expect(await draw('another')).toMatchObject({ status: 422, body: { code: 'idempotency.other-body' } });
    expect((await g.call('GET', '/v1/subjects/orders/nothing', { key: keys.admin })).status).toBe(404);
  });

  test('is drawn up as well by an adjudicator, who signs nothing; others only read it or don’t', async () => {
    const keyOf = async (role: string): Promise<string> => ((await g.call('POST', '/v1/api-keys', { key: keys.admin, body: { role, principal: `some-${role}` } })).body as { key: string }).key;
    const [adjudicator, attester] = [await keyOf('adjudicator'), await keyOf('attester')];
    const body = { action: 'suspend', accountKey: owner.publicKey, reason: 'obtained by fraud' };
    const { status, body: order } = await g.call('POST', '/v1/subjects/orders', { key: adjudicator, body });
    expect([status, order]).toMatchObject([201, { status: 'waiting', createdBy: 'some-adjudicator', reason: 'obtained by fraud' }]);
    expect((await sign(order as CustodianOrder, 2, undefined, adjudicator)).status).toBe(403);
    expect((await g.call('GET', `/v1/subjects/orders/${(order as CustodianOrder).id}`, { key: adjudicator })).body).toMatchObject({ status: 'waiting', signedBy: [] });
    expect((await g.call('GET', '/v1/subjects/orders', { key: attester })).status).toBe(403);
    for (const key of [keys.auditor, custodian, attester]) expect((await g.call('POST', '/v1/subjects/orders', { key, body })).status).toBe(403);
    const lines = await g.sql<{ role: string; status: number }>("SELECT role, status FROM audit_entries WHERE principal = 'some-adjudicator' ORDER BY status");
    expect(lines).toEqual([{ role: 'adjudicator', status: 201 }, { role: 'adjudicator', status: 403 }]);
  });

  test('is read strictly by whoever signs it', () => {
    const read = (value: unknown, network = networkId) => () => custodianOrderOf(toBase64Url(utf8(typeof value === 'string' ? value : JSON.stringify(value))), { networkId: network });
    const { record } = erasureOf();
    for (const wrong of ['', '[]', { ...record, more: 1 }, { ...record, kind: 'token' }, ` ${JSON.stringify(record)}`]) expect(read(wrong)).toThrow(expect.objectContaining({ code: 'subject.malformed-order' }));
  });
});

test('an erasure by its owner is done by the nodes, of which all receipts are told', async () => {
  const request = erasureOf();
  const { status, body } = await g.call('POST', '/v1/subjects/erase', { body: { request } });
  expect([status, parseLogEntry(fromBase64Url((body as SubjectReceipt).entry))]).toMatchObject([200, { kind: 'erasure', scope: 'templates' }]);
  await g.nodes.down(1, 2, 3);
  await eventually(async () => (await g.liveNodes()) === 2);
  expect((await g.call('POST', '/v1/subjects/erase', { body: { request } })).status).toBe(200);
  await g.nodes.down(4, 5);
  await eventually(async () => (await g.liveNodes()) === 0);
  expect(await codeOf('/v1/subjects/erase', { request })).toBe('mpc.nodes-unavailable');
});
