import { expect, test } from '@jest/globals';
import { silentLogger } from '@boop/platform';
import { Registry } from 'prom-client';
import { type Database } from '../store/database.ts';
import { BackupSchedule } from './backup-schedule.ts';

test('a node tells when its schedule last made a backup, whatever was made by hand', async () => {
  const made: { kind: string; sequence: number; createdAt: Date }[] = [];
  const backup = {
    findFirst: ({ where }: { where: { kind: { in: string[] } } }) => Promise.resolve(made.filter(({ kind }) => where.kind.in.includes(kind)).sort((a, b) => b.sequence - a.sequence)[0] ?? null),
  };
  const registry = new Registry();
  const settings = { folder: 'unused', hourlyKept: 1, dailyKept: 1 };
  const schedule = new BackupSchedule({ settings, party: 1, database: { backup } as unknown as Database, clock: { nowMs: () => 0 }, registry, log: silentLogger, create: () => Promise.reject(new Error('not to be used')) });
  const told = async (): Promise<string | undefined> => /^boop_node_last_backup_seconds (\S+)$/m.exec(await registry.metrics())?.[1];
  expect(await told()).toBe('0');
  made.push({ kind: 'daily', sequence: 1, createdAt: new Date(1_000_000) });
  expect(await told()).toBe('1000');
  made.push({ kind: 'hourly', sequence: 2, createdAt: new Date(5_000_000) }, { kind: 'manual', sequence: 3, createdAt: new Date(9_000_000) });
  expect(await told()).toBe('5000');
  backup.findFirst = () => Promise.reject(new Error('the database is away'));
  expect(await told()).toBeUndefined();
  await schedule.stop();
});
