import { describe, expect, test } from '@jest/globals';
import { EMPTY_MAP_ROOT, type Evidence, formatMapRevision, type MapRevision, mutationHash, mutationsRoot, noPrevious, openCheckpoint, prepareTransition, verifyEvidence } from '@boop/log';
import { Account, MapLog, publicOf, signMutation } from '@boop/log/testing';
import { BoopError, utf8 } from '@boop/shared';
import { compareWithPeers, Monitor, type MonitorOptions, type Step } from './index.ts';
import { cosignerOf } from './testing/cosigner.ts';
import { MemoryStore } from './testing/memory-store.ts';
import { logOf, ServedLog } from './testing/served-log.ts';

const own = cosignerOf('monitor.example/m', 40);
const nodes = [1, 2, 3, 4, 5].map((party) => cosignerOf(`node.example/${party}`, party));

function watch(source: ServedLog, options: Partial<MonitorOptions> = {}): Monitor {
  const clock = { nowMs: () => 1_700_000_000_000 };
  return new Monitor({ vkey: source.log.vkey, source, store: new MemoryStore(), clock, signer: { key: own.key, sign: own.sign }, entryFault: () => undefined, ...options });
}

/** The one alarm of a step, whose evidence a third party with the log's key alone accepts. */
function conviction({ alarms }: Pick<Step, 'alarms'>, vkey: string, cosigners: readonly string[] = []) {
  expect(alarms).toHaveLength(1);
  const [{ code, evidence }] = alarms as [Step['alarms'][number]];
  const fault = verifyEvidence(JSON.parse(JSON.stringify(evidence)) as Evidence, { vkey, cosigners });
  expect(fault.code).toBe(code);
  return fault;
}

const names = (from: number, to: number, mark = 'entry'): string[] => Array.from({ length: to - from }, (_, at) => `${mark} ${from + at}`);

/** A network of three people and two revisions, watched from the start. */
async function watchedMap(): Promise<{ source: ServedLog; monitor: Monitor; alice: Account; bob: Account }> {
  const log = await MapLog.create();
  const [alice, bob] = [new Account('alice'), new Account('bob')];
  await log.revise([[alice, 'one'], [bob, 'one'], [new Account('carol'), 'one']]);
  const source = new ServedLog(log);
  const monitor = watch(source);
  await monitor.step();
  await log.revise([[alice, 'two']]);
  expect((await monitor.step()).alarms).toEqual([]);
  expect(monitor.state.map.revision).toBe(2);
  return { source, monitor, alice, bob };
}

describe('a log that is', () => {
  test('forked: another branch from entry 700 on is served later', async () => {
    const source = new ServedLog(await logOf(names(0, 900)));
    const monitor = watch(source);
    expect((await monitor.step()).alarms).toEqual([]);
    const fork = await logOf([...names(0, 700), ...names(700, 1_000, 'other')]);
    source.log = fork;
    const step = await monitor.step();
    expect(conviction(step, fork.vkey)).toMatchObject({ kind: 'two-histories', code: 'log.two-histories' });
    expect(step.alarms[0]!.evidence).toMatchObject({ leafIndex: 700 });
    expect(step.head.size).toBe(900);
    expect(monitor.state).toMatchObject({ convicted: true, cosigned: undefined });
  });

  test('rewritten in one entry, in a tree of the same size and in a larger one', async () => {
    const rewritten = names(0, 300).with(5, 'something else');
    for (const after of [[], names(300, 310)]) {
      const source = new ServedLog(await logOf(names(0, 300)));
      const monitor = watch(source);
      await monitor.step();
      source.log = await logOf([...rewritten, ...after]);
      const step = await monitor.step();
      expect(conviction(step, source.log.vkey).kind).toBe(after.length === 0 ? 'two-heads' : 'two-histories');
      if (after.length > 0) expect(step.alarms[0]!.evidence).toMatchObject({ leafIndex: 5 });
    }
  });

  test('rewritten and shown as an older tree', async () => {
    const source = new ServedLog(await logOf(names(0, 300)));
    const monitor = watch(source);
    await monitor.step();
    source.log = await logOf(names(0, 200).with(7, 'something else'));
    expect(conviction(await monitor.step(), source.log.vkey).kind).toBe('two-histories');
  });

  test('split between two monitors, signed by overlapping quorums of nodes', async () => {
    const cosigners = nodes.map(({ vkey }) => vkey);
    const signedBy = (log: MapLog, parties: readonly number[]) => (note: string) => parties.reduce((text, party) => log.cosign(text, nodes[party - 1]!.key, nodes[party - 1]!.secret, 1_699_999_990), note);
    const [left, right] = [new ServedLog(await logOf(names(0, 20))), new ServedLog(await logOf(names(0, 19).concat('other')))];
    left.bendCheckpoint = signedBy(left.log, [1, 2, 3, 4]);
    right.bendCheckpoint = signedBy(right.log, [2, 3, 4, 5]);
    const policy = { cosigners, quorum: 4, cosignatureAgeMaxS: 60 };
    const [one, two] = [watch(left, policy), watch(right, policy)];
    expect((await one.step()).alarms).toEqual([]);
    expect((await two.step()).alarms).toEqual([]);
    const peer = { name: 'two', checkpoint: async () => two.state.cosigned!, read: two.mirror.read.bind(two.mirror) };
    const fault = conviction(await compareWithPeers(one, [peer]), left.log.vkey, cosigners);
    expect(fault).toEqual({ kind: 'two-heads', code: 'log.two-heads', cosigners: ['node.example/2', 'node.example/3', 'node.example/4'] });
  });

  test.each([
    ['more', 30],
    ['less', 10],
  ])('split, where the other monitor saw %s of it', async (_what, size) => {
    const [left, right] = [new ServedLog(await logOf(names(0, 20))), new ServedLog(await logOf(names(0, size).with(4, 'other')))];
    const [one, two] = [watch(left), watch(right)];
    await one.step();
    await two.step();
    const peer = { name: 'two', checkpoint: async () => two.state.cosigned!, read: two.mirror.read.bind(two.mirror) };
    const gossip = await compareWithPeers(one, [peer]);
    expect(conviction(gossip, left.log.vkey).kind).toBe('two-histories');
    expect(gossip.alarms[0]!.evidence).toMatchObject({ leafIndex: 4 });
  });
});

describe('a peer that shows signed heads but no tiles', () => {
  const noTiles = { read: () => Promise.reject(new BoopError('log.tile-missing', 'none', { kind: 'unavailable' })) };
  const split = async (size: number) => {
    const [left, right] = [new ServedLog(await logOf(names(0, 20))), await logOf(names(0, size).with(4, 'other'))];
    const monitor = watch(left);
    await monitor.step();
    return { left, monitor, peer: { name: 'witness', checkpoint: async () => right.checkpoint(), ...noTiles } };
  };

  test('still convicts a log whose tree never had its older head', async () => {
    const { monitor, peer, left } = await split(10);
    expect(conviction(await compareWithPeers(monitor, [peer]), left.log.vkey).kind).toBe('inconsistent-heads');
  });

  test('convicts it by a larger head as soon as the log has grown so far', async () => {
    const { monitor, peer, left } = await split(30);
    expect(await compareWithPeers(monitor, [peer])).toEqual({ alarms: [], unusable: [] });
    await left.log.append(names(20, 25).map(utf8));
    expect((await monitor.step()).alarms).toEqual([]);
    await left.log.append(names(25, 40).map(utf8));
    expect(conviction(await monitor.step(), left.log.vkey).kind).toBe('inconsistent-heads');
  });

  test('and convicts nobody by heads of the same log', async () => {
    const { monitor, left } = await split(10);
    const ahead = await logOf(names(0, 30));
    for (const log of [await logOf(names(0, 7)), ahead]) expect((await compareWithPeers(monitor, [{ name: 'peer', checkpoint: async () => log.checkpoint(), ...noTiles }])).alarms).toEqual([]);
    await left.log.append(names(20, 31).map(utf8));
    expect((await monitor.step()).alarms).toEqual([]);
    expect(monitor.state.claims).toEqual([]);
  });
});

describe('a map in which', () => {
  /** Has the log record a batch that no honest ledger would. */
  const judge = async (batch: (alice: Account) => Uint8Array, alter: (source: ServedLog) => Partial<MapRevision> = () => ({})) => {
    const { source, monitor, alice } = await watchedMap();
    await source.log.record([batch(alice)], [alice.history.at(-1)!], alter(source));
    const step = await monitor.step();
    expect(step.revision).toBe(2);
    expect(monitor.state.cosigned).toBeUndefined();
    return conviction(step, source.log.vkey);
  };
  const body = (account: Account) => ({ index: account.index, version: account.history.length, previous: mutationHash(account.history.at(-1)!), commitment: new Uint8Array(32), authorizedKeys: [publicOf('new')] });
  const key = (account: Account) => `${account.name}/${account.history.length - 1}`;

  test('a mutation was skipped', async () => {
    expect(await judge((alice) => signMutation({ ...body(alice), version: 3, previous: mutationHash(utf8('version 2')) }, key(alice)))).toMatchObject({ kind: 'map-transition', code: 'mutation.wrong-version' });
    expect((await judge((alice) => signMutation({ ...body(alice), previous: mutationHash(alice.history[0]!) }, key(alice)))).code).toBe('mutation.wrong-previous');
    // Named in the record, but not in the map.
    expect((await judge((alice) => signMutation(body(alice), key(alice)), ({ log }) => ({ root: log.state.root }))).code).toBe('map.wrong-root');
  });

  test('a mutation was not signed by a key of the version before', async () => {
    expect((await judge((alice) => signMutation(body(alice), key(alice)).map((byte, at, all) => (at === all.length - 5 ? byte ^ 1 : byte)))).code).toBe('mutation.bad-signature');
    expect((await judge((alice) => signMutation(body(alice), 'new'))).code).toBe('mutation.wrong-key');
    expect((await judge((alice) => signMutation({ ...body(alice), version: 0, previous: noPrevious() }, 'new'))).code).toBe('mutation.wrong-version');
  });

  test('a root was never logged, and the next revision builds on it', async () => {
    const { source, monitor, alice, bob } = await watchedMap();
    const { log } = source;
    const { root, writes } = await prepareTransition(log.map, log.state.root, { mutations: [bob.next('hidden')], previous: [bob.history[0]] });
    log.map.store(writes);
    source.claimedMapHead = { revision: 3, root, leafIndex: log.log.head.size - 1 };
    // While it is only served, that is the monitor's word.
    expect((await monitor.step()).alarms).toEqual([expect.objectContaining({ code: 'map.unlogged-root', observed: expect.any(String) })]);
    source.claimedMapHead = undefined;
    log.state = { ...log.state, root };
    await log.revise([[alice, 'three']]);
    expect(conviction({ alarms: (await monitor.step()).alarms.slice(0, 1) }, log.vkey)).toMatchObject({ kind: 'map-records', code: 'map.unlogged-root' });
  });

  test('an old revision came back', async () => {
    for (const alter of [{ revision: 2 }, { previousEntry: 1 }, { revision: 1, previousEntry: null, previousRoot: EMPTY_MAP_ROOT }] as const) {
      const { source, monitor, alice } = await watchedMap();
      await source.log.record([alice.next('again')], [alice.history.at(-2)!], alter);
      expect(conviction({ alarms: (await monitor.step()).alarms.slice(0, 1) }, source.log.vkey)).toMatchObject({ kind: 'map-records', code: 'map.rolled-back' });
    }
  });

  test('an old revision is served as the newest', async () => {
    const { source, monitor } = await watchedMap();
    const [{ revision, leafIndex }] = source.log.records as [(typeof source.log.records)[number]];
    source.claimedMapHead = { revision: 1, root: revision.root, leafIndex };
    expect((await monitor.step()).alarms).toEqual([expect.objectContaining({ code: 'map.rolled-back' })]);
  });

  test('a record points at an entry that is none', async () => {
    const { source, monitor, alice } = await watchedMap();
    const hole = await source.log.append([utf8('no record')]);
    await source.log.record([alice.next('three')], [alice.history.at(-2)!], { previousEntry: hole });
    expect(conviction({ alarms: (await monitor.step()).alarms.slice(0, 1) }, source.log.vkey)).toMatchObject({ kind: 'map-records', code: 'map.wrong-previous-entry' });
  });

  test('a record is malformed', async () => {
    const { source, monitor } = await watchedMap();
    const good = formatMapRevision({ ...source.log.records[1]!.revision, revision: 3, previousEntry: 2, mutations: { count: 0, root: mutationsRoot([]) } });
    await source.log.append([Uint8Array.of(...good, 0x20)]);
    expect(conviction(await monitor.step(), source.log.vkey)).toMatchObject({ kind: 'map-records', code: 'map.malformed-revision' });
  });
});

test('a log that falls silent in the middle of a large growth is taken up again', async () => {
  const source = new ServedLog(await logOf(names(0, 100)));
  const monitor = watch(source);
  await monitor.step();
  await source.log.append(names(100, 9_000).map(utf8));
  const [read, silentFrom] = [source.read.bind(source), 33];
  source.read = (tile) => (tile.index >= silentFrom ? Promise.reject(new BoopError('monitor.unreachable', 'silent', { kind: 'unavailable' })) : read(tile));
  await expect(monitor.step()).rejects.toMatchObject({ code: 'monitor.unreachable' });
  expect(monitor.state.head.size).toBe(100);
  source.read = read;
  expect(await monitor.step()).toMatchObject({ alarms: [], head: source.log.log.head });
});

describe('what nobody signed', () => {
  test('convicts nobody, but is told and not cosigned: tiles that do not fit, transitions that do not, or are missing', async () => {
    const { source, monitor, alice } = await watchedMap();
    const vouched = monitor.state.cosigned;
    await source.log.revise([[alice, 'three']]);
    source.bendTransition = () => undefined;
    expect((await monitor.step()).alarms).toEqual([expect.objectContaining({ code: 'monitor.transition-withheld' })]);
    source.bendTransition = (bytes) => bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte));
    const bent = await monitor.step();
    expect(bent.alarms.map(({ code, evidence }) => [code, evidence])).toEqual([['map.transition-invalid', undefined]]);
    expect(monitor.state).toMatchObject({ convicted: false, cosigned: vouched });
    source.bendTransition = (bytes) => bytes;
    expect(await monitor.step()).toMatchObject({ alarms: [], revision: 3 });
    expect(openCheckpoint(monitor.state.cosigned!, { vkey: source.log.vkey, cosigners: [own.vkey], quorum: 1 }).checkpoint.size).toBe(source.log.log.head.size);

    await source.log.append([utf8('entry')]);
    const { tiles } = source.log.log;
    for (const [path, bytes] of tiles) if (path.startsWith('tile/entries') && path.endsWith('.p/5')) tiles.set(path, bytes.map((byte, at, all) => (at === all.length - 1 ? byte ^ 1 : byte)));
    expect((await monitor.step()).alarms.map(({ code, evidence }) => [code, evidence])).toEqual([['monitor.tiles-mismatch', undefined]]);
  });

  test('a checkpoint of another key, or of none, is no head', async () => {
    const source = new ServedLog(await logOf(['one']));
    const monitor = watch(source);
    source.bendCheckpoint = (note) => note.replace(/^1$/m, '2');
    expect((await monitor.step()).alarms.map(({ code }) => code)).toEqual(['log.bad-signature']);
    expect(monitor.state.head.size).toBe(0);
  });
});
