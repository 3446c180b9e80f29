import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePrivateDirectory, type JobBackend, type Logger, openWakeUp, readSecretFile, type WakeUp } from '@boop/platform';
import { type Clock } from '@boop/shared';
import { Gauge, type Registry } from 'prom-client';
import { z } from 'zod';
import { type Database } from '../store/database.ts';
import { type BackupKind } from './backup-format.ts';
import { type CreatedBackup } from './create-backup.ts';

const path = z.string().min(1);

/** When a node backs itself up, and how many backups of each kind stay. */
export const backupSettingsSchema = z.strictObject({
  folder: path,
  hourlyKept: z.number().int().min(1).max(1_000).default(24),
  dailyKept: z.number().int().min(1).max(1_000).default(30),
  /** Holds the URL of a Redis server, over which BullMQ wakes the node; without one it looks at its table by itself. */
  redisUrlFile: path.optional(),
});
export type BackupSettings = z.infer<typeof backupSettingsSchema>;

const hourMs = 3_600_000;
const lookMs = 60_000;
const periods: readonly (readonly ['daily' | 'hourly', number])[] = [['daily', 24 * hourMs], ['hourly', hourMs]];

/** Hourly and daily backups. What is due stands in the table of the backups that were made, so that neither a restart nor a lost job skips one. */
export class BackupSchedule {
  readonly #input: { settings: BackupSettings; party: number; database: Database; create: (folder: string, kind: BackupKind) => Promise<CreatedBackup>; clock: Clock; log: Logger };
  #wakeUp: WakeUp | undefined;

  /** @param input.registry is told when the last backup was made */
  constructor(input: { settings: BackupSettings; party: number; database: Database; create: (folder: string, kind: BackupKind) => Promise<CreatedBackup>; clock: Clock; registry: Registry; log: Logger }) {
    this.#input = input;
    const last = async (): Promise<number> => ((await this.#last(['daily', 'hourly']))?.createdAt.getTime() ?? 0) / 1000;
    new Gauge({ name: 'boop_node_last_backup_seconds', help: 'When this node last backed itself up by schedule, in seconds since 1970; 0 before the first time', registers: [input.registry], async collect() {
      // A database that is away must not take the other metrics with it.
      await last().then((seconds) => this.set(seconds), () => this.remove());
    } });
  }

  async start(): Promise<void> {
    const { settings, party, log } = this.#input;
    ensurePrivateDirectory(settings.folder);
    const backend: JobBackend | undefined = settings.redisUrlFile === undefined ? undefined : { redisUrl: readSecretFile(settings.redisUrlFile) };
    this.#wakeUp = await openWakeUp(`backups-of-node-${party}`, backend, { work: () => this.work(), log, intervalMs: lookMs });
    this.#wakeUp.wake();
  }

  async stop(): Promise<void> {
    await this.#wakeUp?.close();
  }

  /** Makes what is due; a daily backup stands for the hourly one. Then deletes what is more than should be kept. */
  async work(): Promise<void> {
    const { settings, create, log } = this.#input;
    const due = await this.#due();
    if (!due) return;
    const { file, sequence } = await create(settings.folder, due);
    log.info('backup made', { file, sequence, due });
    this.#prune('hourly', settings.hourlyKept);
    this.#prune('daily', settings.dailyKept);
  }

  async #due(): Promise<'daily' | 'hourly' | undefined> {
    const { clock } = this.#input;
    for (const [kind, periodMs] of periods) {
      const kinds = kind === 'daily' ? ['daily'] : ['daily', 'hourly'];
      const last = await this.#last(kinds);
      if (!last || clock.nowMs() - last.createdAt.getTime() >= periodMs) return kind;
    }
    return undefined;
  }

  async #last(kinds: string[]): Promise<{ createdAt: Date } | null> {
    return await this.#input.database.backup.findFirst({ where: { kind: { in: kinds } }, orderBy: { sequence: 'desc' } });
  }

  /** Names sort by sequence. */
  #prune(kind: 'daily' | 'hourly', kept: number): void {
    const { settings, party } = this.#input;
    const form = new RegExp(`^node-${party}-\\d{6,}-${kind}-[0-9TZ]+\\.backup$`);
    const files = readdirSync(settings.folder).filter((name) => form.test(name)).sort();
    for (const name of files.slice(0, -kept)) rmSync(join(settings.folder, name));
  }
}
