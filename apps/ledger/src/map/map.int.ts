import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mapLookup, parseMapRevision, parseMapTransition, verifyMapLookup, verifyMapTransition, vrfPublicKey, EMPTY_MAP_ROOT, type MapState, mutationHash } from '@boop/log';
import { silentLogger, systemClock, systemRng } from '@boop/platform';
import { type FaultHook, type FaultPoint } from '../faults/fault-points.ts';
import { Turns } from '../sequencer/turns.ts';
import { PrismaLogStore } from '../store/prisma-log-store.ts';
import { AccountHolder, newSigner } from '../testing/account-holder.ts';
import { TestDatabases } from '../testing/test-databases.ts';
import { MapSequencer } from './map-sequencer.ts';
import { MutationIntake } from './mutation-intake.ts';
import { PrismaMapStore } from './prisma-map-store.ts';

const network = { networkId: 'test-net', epoch: 1, logOrigin: 'log.example/test-net' };
const vrfSecret = systemRng.bytes(32);
let databases: TestDatabases;
let made = 0;
let nowMs = 0;

beforeAll(async () => {
  databases = await TestDatabases.start(['map']);
});
afterAll(async () => await databases.stop());
beforeEach(async () => void (await databases.emptied('map')));

const newAccount = (): AccountHolder => new AccountHolder(network.logOrigin, vrfSecret, `account-${made++}`);

function open(faults?: FaultHook) {
  const database = databases.database('map', faults);
  const [logStore, mapStore] = [new PrismaLogStore(database), new PrismaMapStore(database)];
  const options = { network, vrfKey: vrfPublicKey(vrfSecret), logStore, mapStore, turns: new Turns(), clock: systemClock, log: silentLogger, intervalMs: 1 };
  const sequencer = new MapSequencer(options);
  const intake = new MutationIntake({ origin: network.logOrigin, vrfSecret, store: mapStore, clock: { nowMs: () => nowMs }, waitingMax: 50 });
  return { logStore, mapStore, sequencer, intake };
}

/** Follows all revisions as a node does, with nothing but the log and the transitions. */
async function replay(parts: ReturnType<typeof open>): Promise<MapState> {
  let state: MapState = { revision: 0, root: EMPTY_MAP_ROOT, entry: null };
  for (const { revision, leafIndex } of await parts.mapStore.revisions(0, 100)) {
    const record = parseMapRevision((await parts.logStore.entry(leafIndex))!);
    verifyMapTransition({ origin: network.logOrigin, before: state, revision: record, transition: parseMapTransition((await parts.mapStore.transition(revision))!) });
    state = { revision, root: record.root, entry: leafIndex };
  }
  return state;
}

describe('the map', () => {
  test('applies what waits in revisions whose records are in the log, and whoever has these can follow', async () => {
    const parts = open();
    const [ada, bob, nobody] = [newAccount(), newAccount(), newAccount()];
    expect(await parts.sequencer.step()).toBeUndefined();
    expect(await parts.intake.submit(ada.advance('one'))).toMatchObject({ index: ada.index, version: 0, revision: undefined });
    await parts.intake.submit(bob.advance('one'));
    await parts.intake.submit(ada.advance('two'));
    // The keys that count are those of the revision before: one version of an account a revision.
    expect(await parts.sequencer.step()).toMatchObject({ revision: 1, leafIndex: 0 });
    expect(await parts.sequencer.step()).toMatchObject({ revision: 2, leafIndex: 1 });
    expect(await parts.sequencer.step()).toBeUndefined();
    const { root } = await replay(parts);
    expect(root).toEqual((await parts.mapStore.newest())!.root);
    expect(verifyMapLookup(root, ada.index, await mapLookup(parts.mapStore, root, ada.index))).toEqual(mutationHash(ada.versions[1]!));
    expect(verifyMapLookup(root, nobody.index, await mapLookup(parts.mapStore, root, nobody.index))).toBeUndefined();
    expect(await parts.mapStore.history(ada.index, 2)).toEqual(ada.versions);
    expect(await parts.mapStore.history(ada.index, 1)).toEqual(ada.versions.slice(0, 1));
    const [first] = await parts.mapStore.revisions(0, 1);
    expect(verifyMapLookup(first!.root, ada.index, await mapLookup(parts.mapStore, first!.root, ada.index))).toEqual(mutationHash(ada.versions[0]!));
  });

  test('refuses what its owner did not sign for this place', async () => {
    const { intake, sequencer } = open();
    const ada = newAccount();
    const stranger = newSigner();
    const refused = async (submission: Parameters<typeof intake.submit>[0], code: string): Promise<void> => {
      await expect(intake.submit(submission)).rejects.toMatchObject({ code });
    };
    await refused({ ...ada.next('x'), label: newAccount().label }, 'mutation.wrong-index');
    await refused(ada.next('x', { authorizedKeys: [stranger.publicKey] }), 'mutation.wrong-key');
    await refused(ada.next('x', { version: 1 }), 'map.commitment-invalid');
    const first = ada.advance('one');
    await refused({ ...first, mutation: first.mutation.map((byte, at) => (at === first.mutation.length - 1 ? byte ^ 1 : byte)) }, 'mutation.bad-signature');
    await refused({ ...first, mutation: first.mutation.slice(1) }, 'mutation.malformed');
    await refused({ ...first, shown: { ...first.shown!, value: Uint8Array.of(1) } }, 'map.commitment-invalid');
    await refused(ada.next('two'), 'mutation.wrong-version');
    const receipt = await intake.submit(first);
    const second = ada.next('two');
    await refused(ada.next('two', {}, stranger), 'mutation.wrong-key');
    await refused(ada.next('two', { previous: new Uint8Array(32).fill(7) }), 'mutation.wrong-previous');
    const gap = ada.next('two', { version: 2 });
    await refused({ mutation: gap.mutation, label: gap.label }, 'mutation.wrong-version');
    await intake.submit(second);
    await refused(ada.next('other two'), 'mutation.wrong-version');
    await refused(new AccountHolder('log.example/other', vrfSecret, 'elsewhere').next('x'), 'mutation.bad-signature');
    await sequencer.step();
    expect(await intake.submit(first)).toEqual({ ...receipt, revision: 1 });
  });

  test('takes no more than may wait', async () => {
    const { intake } = open();
    for (let at = 0; at < 50; at++) await intake.submit(newAccount().next('x'));
    nowMs += 550;
    await expect(intake.submit(newAccount().next('x'))).rejects.toMatchObject({ code: 'service.overloaded' });
  });

  test('passes over what someone put into the queue by hand', async () => {
    const parts = open();
    const ada = newAccount();
    const forged = ada.next('x', {}, newSigner());
    await parts.mapStore.enqueue({ index: ada.index, version: 0, bytes: forged.mutation }, undefined);
    const bob = newAccount();
    await parts.intake.submit(bob.next('x'));
    await parts.sequencer.step();
    const { root } = await replay(parts);
    expect(verifyMapLookup(root, ada.index, await mapLookup(parts.mapStore, root, ada.index))).toBeUndefined();
    expect(verifyMapLookup(root, bob.index, await mapLookup(parts.mapStore, root, bob.index))).toBeDefined();
  });

  test('written by two sequencers is one map', async () => {
    const [one, two] = [open(() => undefined), open(() => undefined)];
    const accounts = Array.from({ length: 24 }, newAccount);
    for (const account of accounts) await one.intake.submit(account.advance('x'));
    const small = [one, two].map(({ logStore, mapStore }) => {
      const options = { network, vrfKey: vrfPublicKey(vrfSecret), logStore, mapStore, turns: new Turns(), clock: systemClock, log: silentLogger, intervalMs: 1, batchMax: 3 };
      return new MapSequencer(options);
    });
    await Promise.all(small.map(async (sequencer) => {
      while ((await sequencer.step().catch(() => true)) !== undefined);
    }));
    const { revision, root } = await replay(one);
    expect(revision).toBe(8);
    for (const { index, versions } of accounts) expect(verifyMapLookup(root, index, await mapLookup(two.mapStore, root, index))).toEqual(mutationHash(versions[0]!));
  });

  test('forgets what a commitment hides, and the proofs stay', async () => {
    const parts = open();
    const ada = newAccount();
    await parts.intake.submit(ada.advance('secret'));
    await parts.sequencer.step();
    expect((await parts.mapStore.opening(ada.index, 0))?.value).toEqual(new TextEncoder().encode('secret'));
    expect(await parts.mapStore.erase(ada.index)).toBe(1);
    expect(await parts.mapStore.opening(ada.index, 0)).toBeUndefined();
    const { root } = await replay(parts);
    expect(verifyMapLookup(root, ada.index, await mapLookup(parts.mapStore, root, ada.index))).toEqual(mutationHash(ada.versions[0]!));
  });
});

describe('a failure at any write of a revision', () => {
  // The others with processes that are killed, in `crash.long.ts`.
  const points: FaultPoint[] = ['revision.nodes', 'revision.commit'];

  test.each(points.flatMap((point) => (['before', 'after'] as const).map((when) => ({ point, when }))))('leaves the whole revision or none ($when $point)', async ({ point, when }) => {
    const sound = open();
    const [ada, bob] = [newAccount(), newAccount()];
    await sound.intake.submit(ada.advance('one'));
    await sound.sequencer.step();
    await sound.intake.submit(ada.advance('two'));
    await sound.intake.submit(bob.advance('one'));
    let struck = 0;
    const dying = open((at, moment) => {
      if (at !== point || moment !== when || struck++ > 0) return;
      throw new Error('connection lost');
    });
    await expect(dying.sequencer.step()).rejects.toThrow('connection lost');
    const done = point === 'revision.commit' && when === 'after';
    expect((await sound.mapStore.newest())!.revision).toBe(done ? 2 : 1);
    expect((await sound.logStore.head()).size).toBe(done ? 2 : 1);
    expect(await sound.mapStore.countWaiting(10)).toBe(done ? 0 : 2);
    const again = await sound.sequencer.step();
    expect(again?.revision).toBe(done ? undefined : 2);
    const { root, revision } = await replay(sound);
    expect(revision).toBe(2);
    for (const { index, versions } of [ada, bob]) expect(verifyMapLookup(root, index, await mapLookup(sound.mapStore, root, index))).toEqual(mutationHash(versions.at(-1)!));
  });
});
