import { isBoopError } from '@boop/shared';
import { CONFIG_EXIT_STATUS } from '../config/load-config.ts';
import { createLogger, type Logger } from '../logging/logger.ts';
import { startTracing, tracingFromEnvironment } from '../tracing/tracing.ts';

/** What a running process offers to its main function. */
export interface ProcessContext {
  readonly log: Logger;
  /** Aborted when the process begins to stop. */
  readonly stopping: AbortSignal;
  /** Registers what must be undone; the last registered is undone first. */
  onStop(undo: () => void | Promise<void>): void;
}

/** All undoing together may take so long. */
const STOP_TIMEOUT_MS = 4_000;

/**
 * Runs a process's main function and owns its end: SIGTERM, SIGINT or the death of a parent that holds our IPC channel undo everything in
 * reverse order and exit 0; an invalid configuration exits 78 (EX_CONFIG) with one line on standard error; any unhandled error is logged
 * without payloads and exits 1. Spans go to the collector that OTEL_EXPORTER_OTLP_ENDPOINT names, if it names one.
 */
export function runProcess(name: string, main: (context: ProcessContext) => Promise<void>): void {
  const log = createLogger(name);
  const controller = new AbortController();
  const undos: (() => void | Promise<void>)[] = [];
  let stopping = false;

  const stop = async (cause: string, status: number): Promise<void> => {
    if (stopping) return;
    stopping = true;
    log.info('stopping', { cause });
    setTimeout(() => process.exit(status || 1), STOP_TIMEOUT_MS).unref();
    controller.abort();
    for (const undo of undos.reverse()) {
      try {
        await undo();
      } catch (error) {
        log.error('could not stop a part', { error });
      }
    }
    process.exit(status);
  };
  const crash = (error: unknown): void => {
    log.error('unhandled error', { error });
    void stop('unhandled error', 1);
  };

  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal, 0));
  if (process.connected) process.on('disconnect', () => void stop('parent gone', 0));

  Promise.resolve()
    .then(async () => {
      const tracing = tracingFromEnvironment(name, process.env);
      if (tracing) undos.push(await startTracing(tracing));
    })
    .then(() => main({ log, stopping: controller.signal, onStop: (undo) => void undos.push(undo) }))
    .catch((error: unknown) => {
      if (!isBoopError(error) || !error.code.startsWith('config.')) return crash(error);
      process.stderr.write(`${name}: ${error.message}\n`);
      process.exit(CONFIG_EXIT_STATUS);
    });
}
