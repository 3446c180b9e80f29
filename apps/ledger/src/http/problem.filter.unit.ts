import { describe, expect, test } from '@jest/globals';
import { silentLogger } from '@boop/platform';
import { freePort } from '@boop/testing';
import { type ArgumentsHost } from '@nestjs/common';
import { LedgerDatabase } from '../store/database.ts';
import { PrismaLogStore } from '../store/prisma-log-store.ts';
import { ProblemFilter } from './problem.filter.ts';

interface Answer {
  status: number;
  readonly headers: Record<string, string>;
  body: { code: string; status: number; retryAllowed: boolean; requestId: string };
}

/** What a client gets for an error, and what the log says of it. */
function answerTo(error: unknown): { answer: Answer; logged: string[] } {
  const answer = { headers: {} } as Answer;
  const logged: string[] = [];
  const reply = {
    status: (status: number) => Object.assign(reply, void (answer.status = status)),
    header: (name: string, value: string) => Object.assign(reply, void (answer.headers[name] = value)),
    send: (body: Answer['body']) => void (answer.body = body),
  };
  const host = { switchToHttp: () => ({ getRequest: () => ({ id: 'request-1' }), getResponse: () => reply }) } as unknown as ArgumentsHost;
  new ProblemFilter({ ...silentLogger, error: (message) => void logged.push(message) }).catch(error, host);
  return { answer, logged };
}

describe('a request while PostgreSQL is away', () => {
  const away = { status: 503, headers: { 'retry-after': '2', 'cache-control': 'no-store' }, body: { code: 'service.unavailable', status: 503, retryAllowed: true, requestId: 'request-1' } };

  test.each([
    ['nobody listens', Object.assign(new Error('x'), { code: 'P1001' })],
    ['the server ended the connection', new Error('Connection terminated unexpectedly')],
    ['the server starts', Object.assign(new Error('x'), { code: '57P03' })],
  ])('is told to come again, and the log says so: %s', (_, error) => {
    expect(answerTo(error)).toMatchObject({ answer: away, logged: ['a request failed'] });
  });

  test('is told so by every kind of read', async () => {
    const database = LedgerDatabase.open(`postgres://nobody:none@127.0.0.1:${await freePort()}/none`);
    try {
      const store = new PrismaLogStore(database);
      for (const read of [() => store.head(), () => store.published(), () => store.find(new Uint8Array(32)), () => store.read({ level: 0, index: 0, width: 1 })]) {
        const error = await read().then(() => undefined, (reason: unknown) => reason);
        expect(answerTo(error).answer).toMatchObject(away);
      }
    } finally {
      await database.close();
    }
  });
});

test('a fault of the ledger’s own is still one', () => {
  expect(answerTo(new TypeError('x is not a function'))).toMatchObject({ answer: { status: 500, body: { code: 'service.internal' } }, logged: ['a request failed'] });
});
