import { describeError, type Logger } from '@boop/platform';
import { Redis } from 'ioredis';
import { CopierLease } from './copier-lease.ts';
import { type PostgresReader } from './postgres-reader.ts';
import { type HistoryBounds, newsChannel } from './redis-layout.ts';
import { RedisReader } from './redis-reader.ts';
import { StreamCopier } from './stream-copier.ts';

/** Whoever copies says this often that the copy is up to date… */
const beatMs = 500;
/** …and after this long without it the copy isn't trusted. */
const silenceMaxMs = 2_000;

export interface RedisFanOutOptions {
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly source: PostgresReader;
  readonly bounds: HistoryBounds;
  /** News of one stream, or of any when undefined. */
  readonly onNews: (stream: string | undefined) => void;
  readonly log: Logger;
}

/**
 * Channels by way of Redis: of all bridges that share it one copies what the gateway commits, all read the copy. Redis holds nothing that the database
 * does not; while it is away, empty or behind, `trusted` is false and everybody reads the database.
 */
export class RedisFanOut {
  readonly reader: RedisReader;
  readonly #options: RedisFanOutOptions;
  readonly #commands: Redis;
  readonly #subscriber: Redis;
  readonly #lease: CopierLease;
  readonly #copier: StreamCopier;
  readonly #timer: NodeJS.Timeout;
  #copies = false;
  #upToDate = false;
  #beating: Promise<void> | undefined;
  #heardAtMs = -Infinity;
  #wasTrusted = false;

  constructor(options: RedisFanOutOptions) {
    this.#options = options;
    const connect = (): Redis => new Redis(options.redisUrl, { maxRetriesPerRequest: 0, enableOfflineQueue: false, commandTimeout: 2_000, connectTimeout: 2_000, retryStrategy: (times) => Math.min(1_000, 50 * times) });
    this.#commands = connect();
    this.#subscriber = connect();
    this.reader = new RedisReader(this.#commands);
    this.#lease = new CopierLease(options.databaseUrl);
    this.#copier = new StreamCopier({ redis: this.#commands, source: options.source, bounds: options.bounds });
    for (const redis of [this.#commands, this.#subscriber]) {
      redis.on('error', (error) => options.log.debug('redis failed', { error: describeError(error) }));
      redis.on('close', () => this.#distrust());
    }
    this.#subscriber.on('ready', () => void this.#subscriber.subscribe(newsChannel).catch(() => undefined));
    this.#subscriber.on('message', (_, stream) => this.#hear(stream));
    this.#timer = setInterval(() => this.#beat(), beatMs);
    this.#beat();
  }

  /** Whether the copy was up to date a moment ago. */
  get trusted(): boolean {
    return this.#commands.status === 'ready' && performance.now() - this.#heardAtMs < silenceMaxMs;
  }

  /** Whether this process copies. */
  get copies(): boolean {
    return this.#copies && this.#upToDate;
  }

  /** The database announced news of this stream. */
  announced(stream: string): void {
    if (!this.#copies) return;
    this.#copier.copy(stream).catch((error: unknown) => this.#failed(error));
  }

  /** Announcements may have been lost. */
  missed(): void {
    this.#upToDate = false;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    await this.#lease.release();
    this.#commands.disconnect();
    this.#subscriber.disconnect();
  }

  #hear(stream: string): void {
    if (stream !== '') return this.#options.onNews(stream);
    this.#heardAtMs = performance.now();
    this.#noticeTrust();
  }

  #beat(): void {
    this.#noticeTrust();
    this.#beating ??= this.#turn().finally(() => (this.#beating = undefined));
  }

  async #turn(): Promise<void> {
    const held = await this.#lease.hold();
    if (held !== this.#copies) {
      this.#copies = held;
      this.#upToDate = false;
    }
    if (!held || this.#commands.status !== 'ready') return;
    try {
      // News that comes while everything is copied is copied by its own announcement.
      const first = !this.#upToDate;
      this.#upToDate = true;
      if (first) await this.#copier.copyAll();
      else await this.#commands.publish(newsChannel, '');
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#upToDate = false;
    this.#options.log.warn('channels could not be copied to redis', { error: describeError(error) });
  }

  #distrust(): void {
    this.#heardAtMs = -Infinity;
    this.#upToDate = false;
    this.#noticeTrust();
  }

  /** What one source announced may not have reached us by way of the other. */
  #noticeTrust(): void {
    if (this.trusted === this.#wasTrusted) return;
    this.#wasTrusted = !this.#wasTrusted;
    this.#options.log.info(this.#wasTrusted ? 'channels are read from redis' : 'channels are read from the database');
    this.#options.onNews(undefined);
  }
}
