import { beforeEach, describe, expect, test } from '@jest/globals';
import { twinKernel } from '@boop/kernels';
import { palmStatistic } from '@boop/mpc';
import { type PartyId, toBase64Url } from '@boop/shared';
import { seededRng } from '@boop/testing';
import { type RegistrationCertificate, type RegistrationRecord } from '../link/peer-methods.ts';
import { MemoryStores } from '../testing/memory-stores.ts';
import { StatementMill } from '../testing/statements.ts';
import { Gallery } from './gallery.ts';
import { preparedBytes } from './record.ts';
import { Registrar } from './registrar.ts';

const rng = seededRng(6);
const mill = new StatementMill({ nodes: 3, threshold: 1 }, rng);
const leader = 1 as PartyId;
const kernel = twinKernel();

const recordAt = (firstSlot: number, positions: RegistrationRecord['positions'] = ['right-palm']): RegistrationRecord => ({
  v: 1,
  networkId: 'test-net',
  epoch: 1,
  sessionId: toBase64Url(rng.bytes(32)),
  splitHash: toBase64Url(rng.bytes(32)),
  consent: toBase64Url(rng.bytes(32)),
  subjectId: toBase64Url(rng.bytes(16)),
  firstSlot,
  positions,
  encoder: 'palm-compcode-1',
  verified: true,
  time: 1_700_000_000,
});
const certificateOf = (record: RegistrationRecord): RegistrationCertificate => ({
  record,
  signatures: mill.custodies.map((custody, at) => ({ party: at + 1, signature: toBase64Url(custody.signIdentity(preparedBytes(record))) })),
});
const sharesOf = (record: RegistrationRecord): Int16Array[] => record.positions.map((_, at) => new Int16Array(palmStatistic.coordinates).fill(at + 1));

let stores: MemoryStores;
let gallery: Gallery;
let registrar: Registrar;
let nowMs: number;

/** The node's process starts: fresh memory on the same store. */
async function restart(): Promise<void> {
  gallery = new Gallery(kernel, palmStatistic);
  registrar = new Registrar({ gallery, store: stores.gallery, members: mill.members, network: { networkId: 'test-net', nodes: 3 }, clock: { nowMs: () => nowMs } });
  await registrar.load();
}

beforeEach(async () => {
  stores = new MemoryStores();
  nowMs = 1_700_000_000_000;
  await restart();
});

describe('a registration', () => {
  test('is invisible until it is committed, and there after a restart', async () => {
    const record = recordAt(0, ['left-palm', 'right-palm']);
    await registrar.prepare(leader, record, sharesOf(record));
    expect(gallery.rows).toBe(0);
    await registrar.commit(certificateOf(record));
    expect(gallery.rows).toBe(2);
    const { head } = gallery;
    await restart();
    expect(gallery.head).toEqual(head);
    expect(gallery.row(1)).toMatchObject({ position: 'right-palm', version: 1 });
  });

  test('is committed once, however often its certificate comes', async () => {
    const record = recordAt(0);
    await registrar.prepare(leader, record, sharesOf(record));
    await registrar.commit(certificateOf(record));
    await registrar.commit(certificateOf(record));
    expect(gallery.rows).toBe(1);
  });

  test('needs the signatures of all nodes, over this very record', async () => {
    const record = recordAt(0);
    await registrar.prepare(leader, record, sharesOf(record));
    const certificate = certificateOf(record);
    const swapped = { ...certificate.signatures[0]!, party: 2 };
    for (const signatures of [certificate.signatures.slice(1), [certificate.signatures[0]!, swapped, certificate.signatures[2]!]])
      await expect(registrar.commit({ record, signatures })).rejects.toMatchObject({ code: 'gallery.certificate' });
    await expect(registrar.commit({ ...certificate, record: { ...record, subjectId: recordAt(0).subjectId } })).rejects.toMatchObject({ code: 'gallery.certificate' });
    expect(gallery.rows).toBe(0);
  });

  test('is refused while another one waits, or for a slot that is not the next', async () => {
    const waiting = recordAt(0);
    await registrar.prepare(leader, waiting, sharesOf(waiting));
    const another = recordAt(0);
    await expect(registrar.prepare(leader, another, sharesOf(another))).rejects.toMatchObject({ code: 'gallery.slot-taken' });
    await registrar.commit(certificateOf(waiting));
    await expect(registrar.prepare(leader, another, sharesOf(another))).rejects.toMatchObject({ code: 'gallery.slot-taken' });
    const later = recordAt(2);
    await expect(registrar.prepare(leader, later, sharesOf(later))).rejects.toMatchObject({ code: 'gallery.slot-taken' });
  });

  test('keeps its shares when its session ends before its turn has come', async () => {
    const record = recordAt(0);
    const shares = sharesOf(record);
    const prepared = registrar.prepare(leader, record, shares);
    for (const share of shares) share.fill(0);
    await prepared;
    expect(stores.registrations[0]!.shares).toEqual(sharesOf(record));
  });

  test('that was never prepared here is not committed', async () => {
    await expect(registrar.commit(certificateOf(recordAt(0)))).rejects.toMatchObject({ code: 'gallery.unknown-registration' });
  });

  test('is taken back by its leader alone', async () => {
    const record = recordAt(0);
    await registrar.prepare(leader, record, sharesOf(record));
    await registrar.abort(2 as PartyId, record.splitHash);
    expect(registrar.pendingId).toBe(record.splitHash);
    await registrar.abort(leader, record.splitHash);
    expect(registrar.pendingId).toBeUndefined();
    expect(stores.registrations).toHaveLength(0);
  });

  test('is dropped when it has waited long enough, and not before', async () => {
    const record = recordAt(0);
    await registrar.prepare(leader, record, sharesOf(record));
    await restart();
    await registrar.dropStale(record.splitHash);
    expect(registrar.pendingId).toBe(record.splitHash);
    nowMs += 60_000;
    await registrar.dropStale(record.splitHash);
    expect(registrar.pendingId).toBeUndefined();
  });
});

describe('a crash', () => {
  test('between the phases leaves it pending, and a certificate of a peer completes it', async () => {
    const record = recordAt(0);
    await registrar.prepare(leader, record, sharesOf(record));
    await restart();
    expect(registrar.pendingId).toBe(record.splitHash);
    await registrar.commit(certificateOf(record));
    expect(gallery.rows).toBe(1);
    expect(registrar.certificatesOf([record.splitHash])).toHaveLength(1);
  });

  test.each(['before', 'after'] as const)('of the store while preparing (%s) leaves the slot taken until it is settled', async (fault) => {
    const record = recordAt(0);
    stores.failNext('prepare', fault);
    await expect(registrar.prepare(leader, record, sharesOf(record))).rejects.toThrow();
    expect(registrar.pendingId).toBe(record.splitHash);
    await registrar.abort(leader, record.splitHash);
    expect(registrar.pendingId).toBeUndefined();
    const next = recordAt(0);
    await registrar.prepare(leader, next, sharesOf(next));
    await registrar.commit(certificateOf(next));
    expect(gallery.rows).toBe(1);
  });

  test.each(['before', 'after'] as const)('of the store while committing (%s) never loses a certificate that was seen', async (fault) => {
    const record = recordAt(0);
    await registrar.prepare(leader, record, sharesOf(record));
    stores.failNext('commit', fault);
    await expect(registrar.commit(certificateOf(record))).rejects.toThrow();
    // Peers can have it from here, and neither its leader nor time takes it back.
    expect(registrar.certificatesOf([record.splitHash])).toHaveLength(1);
    await registrar.abort(leader, record.splitHash);
    nowMs += 120_000;
    await registrar.dropStale(record.splitHash);
    expect(registrar.pendingId).toBe(record.splitHash);
    await registrar.retryDeciding();
    expect(gallery.rows).toBe(1);
    expect(registrar.pendingId).toBeUndefined();
    await restart();
    expect(gallery.rows).toBe(1);
  });

  test('after a commit whose reply was lost shows the row at the next start', async () => {
    const record = recordAt(0);
    await registrar.prepare(leader, record, sharesOf(record));
    stores.failNext('commit', 'after');
    await expect(registrar.commit(certificateOf(record))).rejects.toThrow();
    await restart();
    expect(gallery.rows).toBe(1);
    expect(registrar.pendingId).toBeUndefined();
  });

  test('of the store while dropping a row keeps it pending', async () => {
    const record = recordAt(0);
    await registrar.prepare(leader, record, sharesOf(record));
    stores.failNext('drop', 'before');
    await expect(registrar.abort(leader, record.splitHash)).rejects.toThrow();
    expect(registrar.pendingId).toBe(record.splitHash);
  });
});

describe('galleries', () => {
  const twoGalleries = () => [new Gallery(kernel, palmStatistic), new Gallery(kernel, palmStatistic)] as const;

  test('compare by rows and digest', () => {
    const [a, b] = twoGalleries();
    const [first, second, other] = [recordAt(0), recordAt(1), recordAt(1)];
    for (const gallery of [a, b]) gallery.append(first, sharesOf(first));
    expect(a.compare(b.head)).toBe('same');
    a.append(second, sharesOf(second));
    expect(b.compare(a.head)).toBe('behind');
    expect(a.compare(b.head)).toBe('same');
    b.append(other, sharesOf(other));
    expect(a.compare(b.head)).toBe('diverged');
  });
});
