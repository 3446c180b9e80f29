/** Injection tokens of ports that are no classes. */
export const DIRECTORY = Symbol('directory');
export const IDEMPOTENCY = Symbol('idempotency');
export const LEDGER = Symbol('ledger');
export const CLOCK = Symbol('clock');
export const READINESS = Symbol('readiness');
export const LOG = Symbol('log');
export const REQUESTS_PER_MINUTE = Symbol('requests per minute');
