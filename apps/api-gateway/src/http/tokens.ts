/** Injection tokens of ports that are no classes. */
export const DIRECTORY = Symbol('directory');
export const IDEMPOTENCY = Symbol('idempotency');
export const ACCOUNTS = Symbol('accounts');
export const CLOCK = Symbol('clock');
export const READINESS = Symbol('readiness');
export const REQUESTS_PER_MINUTE = Symbol('requests per minute');
export const AUTHENTICATORS = Symbol('authenticators');
export const OPENAPI_DOCUMENT = Symbol('OpenAPI document');
export const AUDIT_TRAIL = Symbol('audit trail');
