import { describeError, type Logger } from '@boop/platform';

/** Says "look at the table now". Losing a call costs the wait until the next look, nothing else. */
export interface WakeUp {
  wake(): void;
  close(): Promise<void>;
}

export interface WakeUpOptions {
  readonly work: () => Promise<void>;
  readonly log: Logger;
  /** How often to look without being told. */
  readonly intervalMs: number;
}

/** Looks now and then, and when told within this process; one look at a time. */
export function pollingWakeUp({ work, log, intervalMs }: WakeUpOptions): WakeUp & { run(): Promise<void> } {
  let running: Promise<void> | undefined;
  let isAgain = false;
  const run = (): Promise<void> => {
    if (running) {
      isAgain = true;
      return running;
    }
    running = (async () => {
      do {
        isAgain = false;
        await work().catch((error: unknown) => log.error('background work failed', { error: describeError(error) }));
      } while (isAgain);
    })().finally(() => (running = undefined));
    return running;
  };
  const timer = setInterval(() => void run(), intervalMs);
  timer.unref();
  return {
    run,
    wake: () => void run(),
    close: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
