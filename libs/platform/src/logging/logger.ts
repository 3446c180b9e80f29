import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { redact } from './redact.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Structured log. Fields are redacted by name before they are written; messages are constants, never built from input. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** A logger that adds these fields to every line. */
  child(fields: Readonly<Record<string, unknown>>): Logger;
}

/** One JSON object per line on standard output, written synchronously so that the last lines before an exit are kept. */
export function createLogger(name: string, options: { level?: LogLevel; destination?: DestinationStream } = {}): Logger {
  const destination = options.destination ?? pino.destination({ fd: 1, sync: true });
  return wrap(pino({ name, level: options.level ?? 'info', timestamp: pino.stdTimeFunctions.isoTime }, destination));
}

/** Discards everything; for tests and for callers that gave no logger. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};

function wrap(target: PinoLogger): Logger {
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields?: Readonly<Record<string, unknown>>): void => {
      if (target.isLevelEnabled(level)) target[level](fields === undefined ? {} : redact(fields), message);
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => wrap(target.child(redact(fields))),
  };
}
