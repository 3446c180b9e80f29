/**
 * Who is at fault, because what to do next depends on it:
 * `rejected` the input is refused and nothing changed; `unavailable` try again later; `peer` another
 * party broke the protocol; `fatal` this process can't go on safely.
 */
export type FaultKind = 'rejected' | 'unavailable' | 'peer' | 'fatal';

/**
 * Base of all errors that cross a boundary. `code` is stable and documented; `message` is for people and never
 * holds rejected input, secrets or biometric data.
 */
export class BoopError extends Error {
  readonly code: string;
  readonly kind: FaultKind;
  readonly retryAllowed: boolean;

  constructor(code: string, message: string, options: { kind?: FaultKind; retryAllowed?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'BoopError';
    this.code = code;
    this.kind = options.kind ?? 'rejected';
    this.retryAllowed = options.retryAllowed ?? this.kind === 'unavailable';
  }
}

export const isBoopError = (error: unknown): error is BoopError => error instanceof BoopError;
