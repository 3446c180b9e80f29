import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type MapProof, mutationHash, openCheckpoint, parseMapRevision, parseMapTransition, verifyCheckpoint, verifyConsistencyProof, verifyInclusion, verifyMapProof, verifyMapTransition } from '@boop/log';
import { systemClock, systemRng } from '@boop/platform';
import { parseLogEntry } from '@boop/protocol';
import { fromBase64Url, toBase64Url, utf8 } from '@boop/shared';
import { sha256 } from '@noble/hashes/sha2.js';
import { LogKey } from './checkpoints/log-key.ts';
import { tuningSchema } from './config.ts';
import { type PublicConfiguration } from './http/configuration.controller.ts';
import { type RunningLedger } from './ledger.ts';
import { type Submission } from './map/mutation-intake.ts';
import { PrismaWitnessStore } from './witness/prisma-witness-store.ts';
import { openWitnessKey, Witness } from './witness/witness.ts';
import { AccountHolder, newSigner } from './testing/account-holder.ts';
import { eventually } from './testing/eventually.ts';
import { LedgerFixture } from './testing/ledger-fixture.ts';

let fixture: LedgerFixture;
let ledger: RunningLedger;
let vkey: string;
let ada: AccountHolder;

beforeAll(async () => {
  fixture = await LedgerFixture.start(['map', 'witness']);
  const { manifest } = fixture.network;
  const key = await new LogKey(manifest, fixture.nodes.map(({ node }) => node), fixture.databases.store('map')).get();
  const witness = new Witness([key.vkey], { key: openWitnessKey(join(fixture.dir, 'witness.key'), 'witness.example/one', systemRng), store: new PrismaWitnessStore(fixture.databases.database('witness')), clock: systemClock });
  const watching = await fixture.ledger('witness', 'w', { witness });
  ledger = await fixture.ledger('map', 'a', { witnesses: [{ url: `http://127.0.0.1:${watching.httpPort}/witness`, vkey: witness.vkey }] });
  await eventually(async () => ledger.leads());
  // The nodes have to be connected.
  vkey = await eventually(async () => ((await (await get('v1/log/key')).json()) as { verifierKey?: string }).verifierKey);
  ada = newAccount('ada');
});
afterAll(async () => await fixture.stop());

const newAccount = (label: string): AccountHolder => new AccountHolder(fixture.network.manifest.logOrigin, fixture.vrfKey.secret, label);
const get = async (path: string): Promise<Response> => await fetch(`http://127.0.0.1:${ledger.httpPort}/${path}`);
const getJson = async <T>(path: string): Promise<T> => (await (await get(path)).json()) as T;

const bodyOf = ({ mutation, label, shown }: Submission): object => ({
  mutation: toBase64Url(mutation),
  label: toBase64Url(label),
  ...(shown ? { opening: toBase64Url(shown.opening), value: toBase64Url(shown.value) } : {}),
});
const post = async (body: unknown, type = 'application/json'): Promise<Response> =>
  await fetch(`http://127.0.0.1:${ledger.httpPort}/v1/ledger/mutations`, { method: 'POST', headers: { 'content-type': type }, body: typeof body === 'string' ? body : JSON.stringify(body) });

const lookup = async (account: AccountHolder, query = ''): Promise<MapProof> => await getJson<MapProof>(`v1/ledger/map/lookup/${toBase64Url(account.label)}${query}`);
const policyOf = (account: AccountHolder) => ({ vkey, vrfKey: fixture.vrfKey.public, label: account.label });

/** Waits until a served revision has that version. */
async function served(account: AccountHolder, version: number): Promise<ReturnType<typeof verifyMapProof>> {
  return await eventually(async () => {
    const proof = await lookup(account);
    const verified = 'checkpoint' in proof ? verifyMapProof(proof, policyOf(account)) : undefined;
    return verified?.mutation?.version === version && verified;
  });
}

describe('the map over HTTP', () => {
  test('tells an account its index before anything is there, and that nothing is', async () => {
    expect(await getJson(`v1/ledger/map/indexes/${toBase64Url(ada.label)}`)).toMatchObject({ index: toBase64Url(ada.index), vrfKey: toBase64Url(fixture.vrfKey.public) });
    const response = await get(`v1/ledger/map/lookup/${toBase64Url(ada.label)}`);
    expect([response.status, await response.json()]).toEqual([202, expect.objectContaining({ code: 'log.pending' })]);
  });

  test('takes a mutation, serves it under a checkpoint, and gives the same answer to the same mutation', async () => {
    const first = ada.advance('one');
    const answer = await post(bodyOf(first));
    expect([answer.status, await answer.json()]).toEqual([202, { index: toBase64Url(ada.index), version: 0, hash: toBase64Url(mutationHash(first.mutation)) }]);
    const { value, index, revision } = await served(ada, 0);
    expect([value, index, revision.revision]).toEqual([utf8('one'), ada.index, 1]);
    const again = await post(bodyOf(first));
    expect([again.status, await again.json()]).toEqual([200, { index: toBase64Url(ada.index), version: 0, hash: toBase64Url(mutationHash(first.mutation)), revision: 1 }]);
  });

  test('shows the history of an account to its owner, and absence to everybody', async () => {
    await post(bodyOf(ada.advance('two')));
    await served(ada, 1);
    const { history, value } = verifyMapProof(await lookup(ada, '?history=true'), policyOf(ada));
    expect([history?.map(({ version }) => version), value]).toEqual([[0, 1], utf8('two')]);
    const nobody = newAccount('nobody');
    expect(verifyMapProof(await lookup(nobody, '?history=true'), policyOf(nobody)).mutation).toBeUndefined();
    const byIndex = await getJson<Record<string, unknown>>(`v1/ledger/map/${toBase64Url(ada.index)}`);
    expect(Object.keys(byIndex).sort()).toEqual(['checkpoint', 'lookup', 'mutation', 'revision', 'v']);
  });

  test('serves what a monitor needs to follow every step', async () => {
    const head = await getJson<{ revision: number; root: string; leafIndex: number; checkpoint: string }>('v1/ledger/map/head');
    expect(verifyCheckpoint(head.checkpoint, vkey).size).toBeGreaterThan(head.leafIndex);
    const { items } = await getJson<{ items: { revision: number; root: string; leafIndex: number }[] }>('v1/ledger/map/revisions?after=1&limit=1');
    expect(items).toEqual([{ revision: head.revision, root: head.root, leafIndex: head.leafIndex }]);
    const transition = await get('v1/ledger/map/revisions/2/transition');
    expect([transition.headers.get('content-type'), transition.headers.get('cache-control')]).toEqual(['application/octet-stream', expect.stringContaining('immutable')]);
    const store = fixture.databases.store('map');
    const [one, two] = await Promise.all([0, 1].map(async (at) => parseMapRevision((await store.entry(at))!)));
    verifyMapTransition({
      origin: fixture.network.manifest.logOrigin,
      before: { revision: 1, root: one!.root, entry: 0 },
      revision: two!,
      transition: parseMapTransition(new Uint8Array(await transition.arrayBuffer())),
    });
    expect((await get('v1/ledger/map/revisions/3/transition')).status).toBe(404);
    const { proof, to, checkpoint } = await getJson<{ proof: string[]; to: number; checkpoint: string }>('v1/log/consistency?from=1');
    const older = await store.checkpoint(1);
    verifyConsistencyProof(verifyCheckpoint(older!, vkey), verifyCheckpoint(checkpoint, vkey), proof.map(fromBase64Url));
    expect(to).toBe(2);
  });

  test('staples the cosignatures of all nodes and of the witness to the checkpoint, wherever it is served', async () => {
    const { cosigners, verifierKey, vrfKey } = await getJson<PublicConfiguration & { verifierKey: string }>('v1/ledger/configuration');
    expect([verifierKey, vrfKey, cosigners.nodes.length, cosigners.witnesses.length]).toEqual([vkey, toBase64Url(fixture.vrfKey.public), 5, 1]);
    const policy = { vkey, cosigners: [...cosigners.nodes, ...cosigners.witnesses], quorum: 6, oldestTimeS: Math.floor(Date.now() / 1_000) - 60 };
    const note = await eventually(async () => {
      const text = await (await get('checkpoint')).text();
      return text.split('\n').filter((line) => line.startsWith('— ')).length === 7 && text;
    });
    expect(openCheckpoint(note, policy).cosigned.map(({ name }) => name)).toContain('witness.example/one');
    expect(verifyMapProof(await lookup(ada), { ...policy, ...policyOf(ada) }).value).toEqual(utf8('two'));
    expect((await fetch(`http://127.0.0.1:${ledger.httpPort}/witness/add-checkpoint`, { method: 'POST', body: 'x' })).status).toBe(404);
  });

  test('streams what happens, by WebSocket and by long poll, from any position', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${ledger.httpPort}/v1/ledger/streams`);
    const items: { stream: string; position: number; [field: string]: unknown }[] = [];
    socket.addEventListener('message', ({ data }) => void items.push(JSON.parse(String(data)) as (typeof items)[number]));
    await new Promise((resolve) => socket.addEventListener('open', resolve));
    for (const [stream, after] of [['checkpoints', 1], ['revisions', 1], ['mutations', 0], ['transitions', 2]] as const) socket.send(JSON.stringify({ type: 'subscribe', stream, after }));
    const of = (stream: string) => items.filter((item) => item.stream === stream);
    await eventually(async () => of('mutations').length === 2 && of('revisions').length === 1 && of('checkpoints').length >= 1);
    const polled = async () => {
      const page = await getJson<{ items: typeof items; next: number }>('v1/ledger/streams/mutations?after=2&wait=20');
      return page.items.length > 0 && page;
    };
    // Asked before there is anything; again only where that takes longer than a poll may wait.
    const waiting = eventually(polled);
    const third = ada.advance('three');
    await post(bodyOf(third));
    expect(await waiting).toEqual({ items: [{ position: 3, mutations: [toBase64Url(third.mutation)] }], next: 3 });
    await eventually(async () => of('transitions').length === 1 && of('mutations').length === 3 && of('checkpoints').at(-1)!.position === 3);
    expect(of('mutations').map(({ position, mutations }) => [position, mutations])).toEqual(ada.versions.map((bytes, at) => [at + 1, [toBase64Url(bytes)]]));
    // Each checkpoint extends the one before it, the first the one at the position that was given.
    const store = fixture.databases.store('map');
    let older = verifyCheckpoint((await store.checkpoint(1))!, vkey);
    for (const { checkpoint, consistency } of of('checkpoints')) {
      const newer = verifyCheckpoint(checkpoint as string, vkey);
      verifyConsistencyProof(older, newer, (consistency as string[]).map(fromBase64Url));
      older = newer;
    }
    const revision = of('revisions').at(-1)!;
    verifyInclusion({ entry: fromBase64Url(revision['entry'] as string), index: revision['leafIndex'] as number, proof: (revision['inclusion'] as string[]).map(fromBase64Url), checkpoint: revision['checkpoint'] as string, vkey });
    // Goes on where it was cut off.
    expect((await getJson<{ items: typeof items }>('v1/ledger/streams/mutations?after=1&limit=1')).items.map(({ position }) => position)).toEqual([2]);
    const closed = new Promise<number>((resolve) => socket.addEventListener('close', ({ code }) => resolve(code)));
    socket.send('{"type":"subscribe","stream":"everything","after":0}');
    expect(await closed).toBe(4400);
    expect(await getJson('v1/ledger/streams/mutations?after=3')).toEqual({ items: [], next: 3 });
    for (const [path, status] of [['nothing', 404], ['mutations?after=-1', 400], ['mutations?limit=65', 400], ['mutations?wait=26', 400]] as const) expect((await get(`v1/ledger/streams/${path}`)).status).toBe(status);
  });

  test('forgets an account on the word of the gateway; proofs stay, and the log says so', async () => {
    const gateway = await fixture.client(ledger);
    await gateway.waitConnected(60_000);
    const erased = (await gateway.request('map.erase', { label: ada.label }, { timeoutMs: 60_000 })) as { openings: number; receipt: Uint8Array; leafIndex: number };
    expect(erased.openings).toBe(3);
    expect(parseLogEntry((await fixture.databases.store('map').entry(erased.leafIndex))!)).toMatchObject({ kind: 'erasure', scope: 'openings', receipt: toBase64Url(sha256(erased.receipt)) });
    expect(verifyMapProof(await lookup(ada, '?history=true'), policyOf(ada))).toMatchObject({ mutation: { version: 2 }, history: [{ version: 0 }, { version: 1 }, { version: 2 }] });
    expect(verifyMapProof(await lookup(ada), policyOf(ada)).value).toBeUndefined();
    await expect(gateway.request('map.erase', { label: new Uint8Array(0) }, { timeoutMs: 60_000 })).rejects.toMatchObject({ code: 'request.malformed' });
  });

  test('refuses bad mutations as problems', async () => {
    const bad = async (body: unknown, status: number, code: string, type?: string): Promise<void> => {
      const response = await post(body, type);
      expect([response.status, response.headers.get('content-type')]).toEqual([status, expect.stringMatching(/^application\/problem\+json/)]);
      expect(await response.json()).toMatchObject({ code, status });
    };
    await bad('{', 400, 'request.malformed');
    await bad({}, 400, 'request.malformed');
    const next = ada.next('three');
    await bad({ ...bodyOf(next), extra: 1 }, 400, 'request.malformed');
    await bad({ ...bodyOf(next), value: undefined }, 400, 'request.malformed');
    await bad(JSON.stringify(bodyOf(next)), 415, 'request.unsupported-media-type', 'application/xml');
    await bad({ ...bodyOf(next), mutation: toBase64Url(new Uint8Array(65_536)) }, 413, 'request.too-large');
    await bad({ ...bodyOf(next), mutation: toBase64Url(next.mutation.slice(0, -1)) }, 422, 'mutation.malformed');
    await bad(bodyOf(ada.next('three', {}, newSigner())), 403, 'mutation.wrong-key');
    await bad(bodyOf(ada.next('three', { previous: mutationHash(ada.versions[0]!) })), 409, 'mutation.wrong-previous');
    const forged = next.mutation.slice();
    forged[forged.length - 1]! ^= 1;
    await bad({ ...bodyOf(next), mutation: toBase64Url(forged) }, 422, 'mutation.bad-signature');
    const stale = new AccountHolder(fixture.network.manifest.logOrigin, fixture.vrfKey.secret, 'ada');
    stale.signer = ada.signer;
    stale.versions.push(ada.versions[0]!);
    await bad(bodyOf(stale.next('another two')), 409, 'mutation.wrong-version');
    expect((await get(`v1/ledger/map/${toBase64Url(new Uint8Array(31))}`)).status).toBe(400);
    expect((await get('v1/ledger/map/lookup/A')).status).toBe(400);
    expect((await get('v1/log/consistency?from=0')).status).toBe(400);
    expect((await get('v1/log/consistency?from=1&to=999')).status).toBe(404);
  });
});

describe('one client that asks too much', () => {
  let limited: RunningLedger;
  beforeAll(async () => {
    limited = await fixture.ledger('map', 'limited', { tuning: tuningSchema.parse({ mutationsPerMinute: 2, lookupsPerMinute: 3 }) });
  });
  const statuses = async (count: number, ask: (url: string, headers: Record<string, string>) => Promise<Response>): Promise<number[]> => {
    const all: number[] = [];
    // Nobody is believed to be somebody else.
    for (let at = 0; at < count; at++) all.push((await ask(`http://127.0.0.1:${limited.httpPort}`, { 'x-forwarded-for': `192.0.2.${at}` })).status);
    return all;
  };

  test('is refused with the time to wait, and others\' questions are still answered', async () => {
    const mutate = (url: string, headers: Record<string, string>) => fetch(`${url}/v1/ledger/mutations`, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: '{}' });
    expect(await statuses(3, mutate)).toEqual([400, 400, 429]);
    const label = toBase64Url(newAccount('somebody').label);
    const paths = [`lookup/${label}`, `indexes/${label}`, toBase64Url(new Uint8Array(32)), `indexes/${label}`];
    expect(await statuses(4, (url, headers) => fetch(`${url}/v1/ledger/map/${paths.shift()}`, { headers }))).toEqual([200, 200, 200, 429]);
    const refused = await mutate(`http://127.0.0.1:${limited.httpPort}`, {});
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await refused.json()).toMatchObject({ status: 429, code: 'request.rate-limited', retryAllowed: true });
    expect((await fetch(`http://127.0.0.1:${limited.httpPort}/v1/ledger/map/head`)).status).toBe(200);
  });
});
