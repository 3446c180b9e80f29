import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { systemRng as rng } from '@boop/platform';
import { type SignedPalmErasure } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { type StoredRegistration } from '../gallery/gallery-store.ts';
import { type RegistrationRecord } from '../link/peer-methods.ts';
import { memoryCustody } from '../testing/memory-custody.ts';
import { type NodeDatabase, startNodeDatabase } from '../testing/node-database.ts';
import { type CopyRows, copyRowsOf } from './copy-rows.ts';
import { type Database } from './database.ts';
import { PrismaGalleryStore } from './prisma-gallery-store.ts';
import { openSealer, type Sealer } from './sealer.ts';

const custody = memoryCustody(rng);
let node: NodeDatabase;
let database: Database;
let copyRows: CopyRows;
let sealer: Sealer;
let store: PrismaGalleryStore;

beforeAll(async () => {
  node = await startNodeDatabase();
  database = node.database;
  copyRows = copyRowsOf(node.url);
}, 120_000);

afterAll(async () => await node?.close(), 120_000);

async function loaded(from: PrismaGalleryStore): Promise<StoredRegistration[]> {
  const registrations: StoredRegistration[] = [];
  for await (const registration of from.load()) registrations.push(registration);
  return registrations;
}

const hash = (): string => toBase64Url(rng.bytes(32));

function registration(firstSlot: number, positions: RegistrationRecord['positions'] = ['left-palm', 'right-palm'], changes: Partial<RegistrationRecord> = {}): StoredRegistration & { certificate: object } {
  const record: RegistrationRecord = { v: 1, networkId: 'test-net', epoch: 1, sessionId: hash(), splitHash: hash(), consent: hash(), subjectId: toBase64Url(rng.bytes(16)), firstSlot, positions, encoder: 'palm-compcode-1', verified: true, time: 1_700_000_000, ...changes };
  const signatures = [1, 2, 3].map((party) => ({ party, signature: toBase64Url(rng.bytes(64)) }));
  return { record, shares: positions.map((_, at) => Int16Array.from({ length: 4096 }, (_unused, i) => ((i * 31 + firstSlot + at) % 8191) - 4095)), certificate: { record, signatures }, preparedAtMs: 0 };
}

/** Three registrations, five rows. */
const people = [registration(0), registration(2, ['right-palm']), registration(3)];

beforeEach(async () => {
  await database.$executeRawUnsafe('TRUNCATE registrations, gallery_rows, gallery_heads, data_keys');
  sealer = await openSealer(database, custody, 1, rng);
  store = new PrismaGalleryStore(database, sealer, copyRows);
  for (const person of people) {
    await store.prepare(person);
    await store.commit(person.certificate);
  }
});

const tampered = { code: 'store.tampered' };

describe('a gallery at rest', () => {
  test('comes back as it was written, with its head, and page by page', async () => {
    await expect(loaded(store)).resolves.toEqual(people);
    const head = await store.head();
    expect(head.rows).toBe(5);
    await expect(store.page(2, 1)).resolves.toEqual([people[1]]);
    // A repeated commit changes nothing.
    await store.commit(people[2]!.certificate);
    await expect(store.head()).resolves.toEqual(head);
  });

  test('takes registrations of another epoch that are committed already, all or none', async () => {
    const next = new PrismaGalleryStore(database, await openSealer(database, custody, 2, rng), copyRows);
    await next.addCommitted(people.slice(0, 2));
    await expect(next.addCommitted([registration(4)])).rejects.toMatchObject(tampered);
    await next.addCommitted(people.slice(2));
    expect((await loaded(next)).map(({ record, shares }) => ({ record, shares }))).toEqual(people.map(({ record, shares }) => ({ record, shares })));
    await expect(next.head()).resolves.toEqual(await store.head());
    await expect(loaded(store)).resolves.toEqual(people);
  });

  test.each([
    ['a flipped bit in a share', 'UPDATE gallery_rows SET share = set_bit(share, 777, 1 - get_bit(share, 777)) WHERE slot = 2'],
    ['a flipped bit in a record', 'UPDATE registrations SET record = set_bit(record, 300, 1 - get_bit(record, 300)) WHERE first_slot = 0'],
    ['a flipped bit in a certificate', 'UPDATE registrations SET certificate = set_bit(certificate, 300, 1 - get_bit(certificate, 300)) WHERE first_slot = 3'],
    ['a flipped bit in the head', 'UPDATE gallery_heads SET head = set_bit(head, 130, 1 - get_bit(head, 130))'],
    ['the shares of two slots swapped', 'UPDATE gallery_rows r SET share = o.share FROM gallery_rows o WHERE (r.slot = 0 AND o.slot = 4) OR (r.slot = 4 AND o.slot = 0)'],
    ['the shares of one person\'s palms swapped', 'UPDATE gallery_rows r SET share = o.share FROM gallery_rows o WHERE r.slot + o.slot = 1'],
    ['the records of two people swapped', 'UPDATE registrations r SET record = o.record FROM registrations o WHERE r.first_slot + o.first_slot = 3'],
    ['another version of a row', 'UPDATE gallery_rows SET version = 2 WHERE slot = 1'],
    ['a row of another slot', 'DELETE FROM gallery_rows WHERE slot = 4; UPDATE gallery_rows SET slot = 4, registration_id = (SELECT registration_id FROM gallery_rows WHERE slot = 3) WHERE slot = 0'],
    ['a row taken out', 'DELETE FROM gallery_rows WHERE slot = 1'],
    ['the newest registration taken out', 'DELETE FROM registrations WHERE first_slot = 3'],
    ['a registration in the middle taken out', 'DELETE FROM registrations WHERE first_slot = 2'],
    ['a commit undone', 'UPDATE registrations SET certificate = NULL WHERE first_slot = 3'],
    ['the head taken out', 'DELETE FROM gallery_heads'],
    ['everything taken out but the head', 'DELETE FROM registrations'],
  ])('finds %s', async (_name, sql) => {
    for (const statement of sql.split('; ')) expect(await database.$executeRawUnsafe(statement)).toBeGreaterThan(0);
    await expect(loaded(store)).rejects.toMatchObject(tampered);
  });

  test('finds an older state of a registration that was put back', async () => {
    // As a backup from before the last commit would hold it: the head is older than the rows, or the rows older than the head.
    const [{ head: older }] = (await database.$queryRawUnsafe('SELECT head FROM gallery_heads')) as [{ head: Uint8Array }];
    const fourth = registration(5, ['left-palm']);
    await store.prepare(fourth);
    await store.commit(fourth.certificate);
    await expect(loaded(store)).resolves.toHaveLength(4);
    await database.$executeRaw`UPDATE gallery_heads SET head = ${older}`;
    await expect(loaded(store)).rejects.toMatchObject(tampered);
  });

  describe('with a person erased', () => {
    const request: SignedPalmErasure = {
      record: { v: 1, kind: 'palm-erasure', networkId: 'test-net', accountKey: hash(), requestedAt: 1_700_000_001, nonce: hash() },
      signed: { method: 'account-key', signature: toBase64Url(rng.bytes(64)) },
    };
    beforeEach(async () => await store.erase([people[0]!.record.splitHash], request));

    test('deletes the shares, keeps the slots as zeros, and has another head', async () => {
      const rows = await loaded(store);
      expect(rows[0]).toMatchObject({ erased: request, shares: [new Int16Array(4096), new Int16Array(4096)] });
      expect(rows.slice(1)).toEqual(people.slice(1));
      expect(await database.$queryRawUnsafe('SELECT slot FROM gallery_rows ORDER BY slot')).toEqual([{ slot: 2 }, { slot: 3 }, { slot: 4 }]);
      const head = await store.head();
      await store.erase([people[0]!.record.splitHash], request);
      await expect(store.head()).resolves.toEqual(head);
    });

    test.each([
      ['an erasure undone', 'UPDATE registrations SET erasure = NULL WHERE first_slot = 0'],
      ['an erasure moved to somebody else', 'UPDATE registrations r SET erasure = o.erasure FROM registrations o WHERE r.first_slot = 2 AND o.first_slot = 0'],
      ['rows that came back', 'INSERT INTO gallery_rows (epoch, slot, version, share, registration_id) SELECT 1, 0, 1, share, (SELECT id FROM registrations WHERE first_slot = 0) FROM gallery_rows WHERE slot = 3'],
    ])('finds %s', async (_name, sql) => {
      expect(await database.$executeRawUnsafe(sql)).toBe(1);
      await expect(loaded(store)).rejects.toMatchObject(tampered);
    });
  });

  describe('with a registration replaced', () => {
    const [first] = people as [(typeof people)[0]];
    const { splitHash: replaces, subjectId } = first.record;
    const second = registration(5, ['left-palm', 'right-palm'], { replaces, subjectId });
    const replaced = { ...first, shares: [new Int16Array(4096), new Int16Array(4096)], erased: { replacedBy: second.record.splitHash } };
    /** As a backup, or a copy that somebody kept, would bring them back. */
    let copied: { slot: number; share: Uint8Array }[];

    beforeEach(async () => {
      copied = await database.$queryRawUnsafe('SELECT slot, share FROM gallery_rows WHERE slot < 2');
      await store.prepare(second);
    });
    const bringBack = async (): Promise<void> => {
      for (const { slot, share } of copied) await database.$executeRaw`INSERT INTO gallery_rows (epoch, slot, version, share, registration_id) VALUES (1, ${slot}, 1, ${share}, ${replaces})`;
    };

    test('has the new one with the old one\'s shares gone, in one step, once, and moves on as it is', async () => {
      await expect(loaded(store)).resolves.toEqual([...people, { ...second, certificate: undefined }]);
      await store.commit(second.certificate);
      await expect(loaded(store)).resolves.toEqual([replaced, ...people.slice(1), second]);
      expect(await database.$queryRawUnsafe('SELECT slot FROM gallery_rows ORDER BY slot')).toEqual([2, 3, 4, 5, 6].map((slot) => ({ slot })));
      const head = await store.head();
      await store.commit(second.certificate);
      await expect(store.head()).resolves.toEqual(head);
      await expect(store.page(0, 1)).resolves.toEqual([replaced]);
      const next = new PrismaGalleryStore(database, await openSealer(database, custody, 2, rng), copyRows);
      await next.addCommitted([replaced, ...people.slice(1), second]);
      await expect(next.head()).resolves.toEqual(head);
      expect((await loaded(next)).map(({ erased }) => erased)).toEqual([replaced.erased, undefined, undefined, undefined]);
    });

    test('says the same if an erasure came first', async () => {
      await store.erase([replaces], { record: { v: 1, kind: 'palm-erasure', networkId: 'test-net', accountKey: hash(), requestedAt: 1_700_000_001, nonce: hash() }, signed: { method: 'account-key', signature: toBase64Url(rng.bytes(64)) } });
      await store.commit(second.certificate);
      await expect(loaded(store)).resolves.toEqual([replaced, ...people.slice(1), second]);
    });

    test.each<[string, () => Promise<unknown>]>([
      ['a row that claims not to be replaced', async () => {
        await database.$executeRawUnsafe('UPDATE registrations SET erasure = NULL WHERE first_slot = 0');
        await bringBack();
      }],
      ['replaced rows that came back', bringBack],
      ['a replaced one without a reason', async () => await database.$executeRawUnsafe('UPDATE registrations SET erasure = NULL WHERE first_slot = 0')],
      ['the reason moved to somebody else', async () => await database.$executeRawUnsafe('UPDATE registrations r SET erasure = o.erasure FROM registrations o WHERE r.first_slot = 2 AND o.first_slot = 0')],
      ['the one that replaced it taken out', async () => await database.$executeRawUnsafe('DELETE FROM registrations WHERE first_slot = 5')],
      ['its commit undone', async () => await database.$executeRawUnsafe('UPDATE registrations SET certificate = NULL WHERE first_slot = 5')],
    ])('finds %s', async (_name, tamper) => {
      await store.commit(second.certificate);
      await tamper();
      await expect(loaded(store)).rejects.toMatchObject(tampered);
    });

    test.each(['before', 'after'] as const)('and a fault %s the write of its commit has neither step done without the other', async (when) => {
      const failing = new PrismaGalleryStore(database, sealer, copyRows, (point, at) => {
        if (point === 'registration.commit' && at === when) throw new Error('the database has gone away');
      });
      await expect(failing.commit(second.certificate)).rejects.toThrow('gone away');
      const rows = await loaded(store);
      expect(rows).toEqual(when === 'before' ? [...people, { ...second, certificate: undefined }] : [replaced, ...people.slice(1), second]);
    });
  });

  test('cannot be read with another node\'s key, or the rows of one epoch as those of another', async () => {
    const other = new PrismaGalleryStore(database, await openSealer(database, custody, 2, rng), copyRows);
    await database.$executeRawUnsafe('INSERT INTO registrations SELECT id, first_slot, record, certificate, prepared_at, 2 FROM registrations');
    await database.$executeRawUnsafe('INSERT INTO gallery_rows (slot, epoch, version, share, registration_id) SELECT slot, 2, version, share, registration_id FROM gallery_rows');
    await expect(loaded(other)).rejects.toMatchObject(tampered);
    await expect(openSealer(database, memoryCustody(rng), 1, rng)).rejects.toMatchObject(tampered);
  });
});
