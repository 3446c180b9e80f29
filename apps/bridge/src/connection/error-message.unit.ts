import { describe, expect, test } from '@jest/globals';
import { BoopError } from '@boop/shared';
import { errorMessage } from './error-message.ts';

describe('an error message', () => {
  test.each([
    ['a code of the table, with its message', new BoopError('request.conflict', 'it has ended'), { code: 'request.conflict', message: 'it has ended', retryAllowed: false }],
    ['a database that ended the connection beneath a stream', new Error('Connection terminated unexpectedly'), { code: 'service.unavailable', message: 'the service can not reach its database', retryAllowed: true }],
    ['a database that nobody reaches', Object.assign(new Error('x'), { code: '57P03' }), { code: 'service.unavailable', retryAllowed: true }],
    ['anything else, without its cause', new TypeError('secret=hunter2'), { code: 'service.internal', message: 'Something went wrong here', retryAllowed: true }],
  ])('tells of %s', (_, error, message) => {
    expect(errorMessage(error)).toMatchObject({ type: 'error', ...message });
  });
});
