import { describe, expect, test } from '@jest/globals';
import { BoopError } from '@boop/shared';
import { isDatabaseOutage, unavailableIfDriverFails, unavailableIfOutage } from './database-outage.ts';

const withCode = (code: string, more: object = {}): Error => Object.assign(new Error('x'), { code, ...more });
const fromAdapter = (cause: object): Error => withCode('P2010', { meta: { driverAdapterError: Object.assign(new Error('x'), { cause }) } });

describe('an outage of PostgreSQL', () => {
  test.each([
    ['nobody listens', withCode('P1001')],
    ['the server closed the connection', withCode('P1017')],
    ['no connection of the pool was free in time', withCode('P2024')],
    ['the server starts', withCode('57P03')],
    ['the server was told to end', withCode('P2039', { meta: { driverAdapterError: Object.assign(new Error('x'), { cause: { kind: 'postgres', originalCode: '57P01' } }) } })],
    ['a raw query found nobody', fromAdapter({ kind: 'DatabaseNotReachable', host: '127.0.0.1', port: 1 })],
    ['the connection failed', withCode('08006')],
    ['the server takes no more', withCode('53300')],
    ['the connection ended in a query', new Error('Connection terminated unexpectedly')],
    ['one of these is the cause', new Error('a statement failed', { cause: new Error('wrapped', { cause: withCode('57P02') }) })],
  ])('is known: %s', (_, error) => {
    expect(isDatabaseOutage(error)).toBe(true);
    expect(unavailableIfOutage(error)).toMatchObject({ code: 'service.unavailable', kind: 'unavailable', retryAllowed: true, cause: error });
  });

  test.each([
    ['a unique violation', withCode('P2002')],
    ['the same in SQL', withCode('23505')],
    ['a table that is not there', withCode('42P01')],
    ['a statement that was cancelled', withCode('57014')],
    ['a transaction that was used after its end', withCode('P2028')],
    ['somebody else who does not listen', withCode('ECONNREFUSED', { syscall: 'connect', errno: -111 })],
    ['a fault of ours', new TypeError('x is not a function')],
    ['no error at all', undefined],
    ['a text', 'Connection terminated unexpectedly'],
  ])('is not: %s', (_, error) => {
    expect(isDatabaseOutage(error)).toBe(false);
    expect(unavailableIfOutage(error)).toBe(error);
  });

  test('of a driver is any error of its socket, and no error of a statement', () => {
    const refused = withCode('ECONNREFUSED', { syscall: 'connect', errno: -111 });
    for (const error of [refused, withCode('EHOSTUNREACH', { syscall: 'connect' }), withCode('57P01')]) expect(unavailableIfDriverFails(error)).toMatchObject({ code: 'service.unavailable', cause: error });
    for (const error of [withCode('42P01'), new TypeError('x is not a function')]) expect(unavailableIfDriverFails(error)).toBe(error);
  });

  test('an error that has a name already keeps it, and a cause without end ends the search', () => {
    const named = new BoopError('log.unavailable', 'the ledger is away', { kind: 'unavailable', cause: withCode('P1001') });
    expect(unavailableIfOutage(named)).toBe(named);
    const endless: Error & { cause?: unknown } = new Error('x');
    endless.cause = endless;
    expect(isDatabaseOutage(endless)).toBe(false);
  });
});
