import { beforeEach, describe, expect, test } from '@jest/globals';
import { twinKernel } from '@boop/kernels';
import { palmStatistic } from '@boop/mpc';
import { retentionEnd, type SignedPalmErasure } from '@boop/protocol';
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

const recordAt = (firstSlot: number, positions: RegistrationRecord['positions'] = ['right-palm'], changes: Partial<RegistrationRecord> = {}): RegistrationRecord => ({
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
  ...changes,
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
let alone: (step: () => void, spent?: string) => Promise<void>;

/** The node's process starts: fresh memory on the same store. */
async function restart(): Promise<void> {
  gallery = new Gallery(kernel, palmStatistic);
  registrar = new Registrar({ gallery, store: stores.gallery, members: mill.members, network: { networkId: 'test-net', nodes: 3 }, clock: { nowMs: () => nowMs }, alone: async (step, spent) => await alone(step, spent) });
  await registrar.load();
}

beforeEach(async () => {
  stores = new MemoryStores();
  nowMs = 1_700_000_000_000;
  alone = async (step) => step();
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

describe('a registration that takes the place of another', () => {
  const accountKey = toBase64Url(rng.bytes(32));
  const erasureAt = (requestedAt: number): SignedPalmErasure => ({ record: { v: 1, kind: 'palm-erasure', networkId: 'test-net', accountKey, requestedAt, nonce: toBase64Url(rng.bytes(32)) }, signed: { method: 'account-key', signature: toBase64Url(new Uint8Array(64)) } });
  let first: RegistrationRecord;
  let second: RegistrationRecord;
  const zeros = (split: string): boolean => stores.registrations.find(({ record }) => record.splitHash === split)!.shares.every((share) => share.every((value) => value === 0));

  beforeEach(async () => {
    first = recordAt(0, ['right-palm'], { accountKey });
    second = recordAt(1, ['right-palm'], { accountKey, subjectId: first.subjectId, replaces: first.splitHash });
    await registrar.prepare(leader, first, sharesOf(first));
    await registrar.commit(certificateOf(first));
    await registrar.prepare(leader, second, sharesOf(second));
  });

  test('appears as the other one goes, alone, without waiting for its own session', async () => {
    const seen: unknown[] = [];
    alone = async (step, spent) => {
      seen.push(spent, gallery.rows, gallery.hasErased(first.splitHash), zeros(first.splitHash));
      step();
    };
    await registrar.commit(certificateOf(second));
    expect(seen).toEqual([second.splitHash, 1, false, true]);
    expect([gallery.rows, gallery.hasErased(first.splitHash), gallery.hasErased(second.splitHash)]).toEqual([2, true, false]);
    expect(gallery.accounts.of(first.subjectId)).toBe(accountKey);
    const { head } = gallery;
    await registrar.commit(certificateOf(second));
    await restart();
    expect(gallery.head).toEqual(head);
    expect(gallery.accounts.of(first.subjectId)).toBe(accountKey);
    expect(registrar.erasures).toEqual([]);
  });

  test.each(['before', 'after'] as const)('is there as a whole or not at all when the store fails (%s), and at last as a whole', async (fault) => {
    stores.failNext('commit', fault);
    await expect(registrar.commit(certificateOf(second))).rejects.toThrow();
    expect([gallery.rows, gallery.hasErased(first.splitHash), zeros(first.splitHash)]).toEqual([1, false, fault === 'after']);
    await restart();
    expect([gallery.rows, gallery.hasErased(first.splitHash)]).toEqual(fault === 'after' ? [2, true] : [1, false]);
    await registrar.commit(certificateOf(second));
    expect([gallery.rows, gallery.hasErased(first.splitHash), zeros(first.splitHash)]).toEqual([2, true, true]);
  });

  test('is the same at a node that heard of an erasure first, and takes no place that was erased', async () => {
    await registrar.erase(erasureAt(first.time));
    expect(() => registrar.renewable(first.splitHash, first)).toThrow(expect.objectContaining({ code: 'registration.nothing-to-renew' }));
    await registrar.commit(certificateOf(second));
    const { head } = gallery;
    expect([registrar.erasures, stores.registrations[0]!.erased]).toEqual([[], { replacedBy: second.splitHash }]);
    await restart();
    expect(gallery.head).toEqual(head);
    expect(gallery.accounts.of(first.subjectId)).toBe(accountKey);
    await registrar.erase(erasureAt(second.time + 1));
    expect([gallery.hasErased(second.splitHash), registrar.erasures.length]).toEqual([true, 1]);
    const third = recordAt(2, ['right-palm'], { accountKey, subjectId: first.subjectId, replaces: second.splitHash });
    await expect(registrar.prepare(leader, third, sharesOf(third))).rejects.toMatchObject({ code: 'registration.nothing-to-renew' });
    expect(registrar.pendingId).toBeUndefined();
  });

  test('that comes to nothing leaves the other one as it was', async () => {
    const { head } = gallery;
    await registrar.abort(leader, second.splitHash);
    expect(gallery.head).toEqual(head);
    expect([gallery.hasErased(first.splitHash), zeros(first.splitHash)]).toEqual([false, false]);
    expect(registrar.renewable(first.splitHash, second)).toEqual(first);
  });
});

describe('an account with two palms', () => {
  const accountKey = toBase64Url(rng.bytes(32));
  const store = async (record: RegistrationRecord): Promise<void> => {
    await registrar.prepare(leader, record, sharesOf(record));
    await registrar.commit(certificateOf(record));
  };

  test('counts for the first, for none once that has ended by itself, and for one that is registered then, also after a restart', async () => {
    const [first, second, third] = [0, 60, 120].map((seconds, at) => recordAt(at, ['right-palm'], { accountKey, time: 1_700_000_000 + seconds, ...(at === 0 && { retainUntil: 1_700_000_090 }) })) as [RegistrationRecord, RegistrationRecord, RegistrationRecord];
    const holders = (): (string | undefined)[] => [first, second, third].map(({ subjectId }) => gallery.accounts.of(subjectId));
    await store(first);
    await store(second);
    expect(holders()).toEqual([accountKey, undefined, undefined]);
    await registrar.erase(retentionEnd({ networkId: 'test-net', accountKey, split: first.splitHash, retainUntil: 1_700_000_090 }));
    expect(holders()).toEqual([undefined, undefined, undefined]);
    await restart();
    expect(holders()).toEqual([undefined, undefined, undefined]);
    await store(third);
    expect(holders()).toEqual([undefined, undefined, accountKey]);
    await restart();
    expect(holders()).toEqual([undefined, undefined, accountKey]);
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
