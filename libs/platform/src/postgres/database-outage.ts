import { BoopError, isBoopError } from '@boop/shared';

/** Prisma's codes of a server that can't be reached, is too slow, closed the connection, or has none left; and its own wait for one of the pool. */
const prismaCodes: ReadonlySet<string> = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2037']);
/** SQLSTATE (PostgreSQL, appendix A): class 08 connection exception; 53300 too_many_connections; 57P01 to 57P03 admin_shutdown, crash_shutdown, cannot_connect_now. */
const sqlState = /^(?:08[0-9A-Z]{3}|53300|57P0[1-3])$/;
/** The same in what Prisma's adapter for `pg` throws. */
const adapterKinds: ReadonlySet<string> = new Set(['ConnectionClosed', 'DatabaseNotReachable', 'SocketTimeout', 'TooManyConnections']);
/** What `pg` says without a code when its connection ended beneath it. */
const pgMessages: ReadonlySet<string> = new Set([
  'Connection terminated',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
  'timeout exceeded when trying to connect',
]);
/** Causes and driver errors are nested at most so deep. */
const depthMax = 6;

/** Whether PostgreSQL was away, ended the connection, or took none: the work may be asked for again. Everything else that a database says is a fault. */
export function isDatabaseOutage(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > depthMax) return false;
  const { code, originalCode, kind, message, cause, meta } = error as Readonly<Record<string, unknown>>;
  if ([code, originalCode].some((candidate) => typeof candidate === 'string' && (prismaCodes.has(candidate) || sqlState.test(candidate)))) return true;
  if (typeof kind === 'string' && adapterKinds.has(kind)) return true;
  if (typeof message === 'string' && pgMessages.has(message)) return true;
  return isDatabaseOutage(cause, depth + 1) || isDatabaseOutage((meta as { driverAdapterError?: unknown } | undefined)?.driverAdapterError, depth + 1);
}

const unavailable = (cause: unknown): BoopError => new BoopError('service.unavailable', 'the service can not reach its database', { kind: 'unavailable', retryAllowed: true, cause });

/** `service.unavailable` for an outage; any other error as it is. */
export const unavailableIfOutage = (error: unknown): unknown => (!isBoopError(error) && isDatabaseOutage(error) ? unavailable(error) : error);

/** The same of what a database's own driver throws, of which every error of a socket is an outage. */
export const unavailableIfDriverFails = (error: unknown): unknown =>
  typeof (error as NodeJS.ErrnoException | null)?.syscall === 'string' ? unavailable(error) : unavailableIfOutage(error);
