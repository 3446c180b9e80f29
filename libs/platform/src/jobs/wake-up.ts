import { describeError } from '../logging/redact.ts';
import { type Logger } from '../logging/logger.ts';

/**
 * Says "look at the table now", or in so many milliseconds. What is to be done stands in a table and nowhere else: losing or repeating a
 * call costs or saves time, nothing more.
 */
export interface WakeUp {
  wake(delayMs?: number): void;
  /** Resolves when the last look has ended. */
  close(): Promise<void>;
}

export interface WakeUpOptions {
  /** Looks and does what is due; never runs twice at once in one process. */
  readonly work: () => Promise<void>;
  readonly log: Logger;
  /** How often to look without being told. */
  readonly intervalMs: number;
}

/** Looks now and then, and when told within this process. */
export function pollingWakeUp({ work, log, intervalMs }: WakeUpOptions): WakeUp & { run(): Promise<void> } {
  let running: Promise<void> | undefined;
  let isAgain = false;
  let isClosed = false;
  const run = (): Promise<void> => {
    if (isClosed) return running ?? Promise.resolve();
    if (running) {
      isAgain = true;
      return running;
    }
    running = (async () => {
      do {
        isAgain = false;
        await work().catch((error: unknown) => log.error('background work failed', { error: describeError(error) }));
      } while (isAgain && !isClosed);
    })().finally(() => (running = undefined));
    return running;
  };
  const later = new Set<NodeJS.Timeout>();
  const timer = setInterval(() => void run(), intervalMs);
  timer.unref();
  return {
    run,
    wake: (delayMs = 0) => {
      // What is due later than the next look is seen by that look.
      if (delayMs <= 0) return void run();
      if (delayMs >= intervalMs || isClosed) return;
      const soon = setTimeout(() => {
        later.delete(soon);
        void run();
      }, delayMs);
      later.add(soon.unref());
    },
    close: async () => {
      isClosed = true;
      clearInterval(timer);
      for (const soon of later) clearTimeout(soon);
      await running;
    },
  };
}
