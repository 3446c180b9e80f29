import { describe, expect, test } from '@jest/globals';
import { BoopError } from '@boop/shared';
import { createLogger } from './logger.ts';

function capture(): { lines: Record<string, unknown>[]; destination: { write(text: string): void } } {
  const lines: Record<string, unknown>[] = [];
  return { lines, destination: { write: (text: string) => void lines.push(JSON.parse(text) as Record<string, unknown>) } };
}

describe('a log line', () => {
  test('masks sensitive names at every depth and bytes everywhere', () => {
    const { lines, destination } = capture();
    const log = createLogger('t', { destination }).child({ apiKey: 'sk_test_hunter2', node: 3 });
    log.info('stored', {
      shares: [1, 2, 3],
      row: { list: [{ sealedEnvelope: 'hunter2', size: 4 }], idToken: 'hunter2', NONCE: 'hunter2' },
      payload: Uint8Array.of(104, 117, 110),
      templateBytes: 8192,
    });
    expect(lines[0]).toMatchObject({
      name: 't',
      msg: 'stored',
      node: 3,
      apiKey: '[redacted]',
      shares: '[redacted]',
      row: { list: [{ sealedEnvelope: '[redacted]', size: 4 }], idToken: '[redacted]', NONCE: '[redacted]' },
      payload: '[3 bytes]',
      templateBytes: 8192,
    });
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  });

  test('keeps the message of a coded error and drops that of a parser', () => {
    const { lines, destination } = capture();
    const log = createLogger('t', { destination });
    let parserError: unknown;
    try {
      JSON.parse('hunter2');
    } catch (error) {
      parserError = error;
    }
    log.error('failed', { error: new BoopError('share.malformed', 'a share has the wrong size', { cause: parserError }) });
    expect(lines[0]).toMatchObject({
      error: { code: 'share.malformed', message: 'a share has the wrong size', kind: 'rejected', cause: { name: 'SyntaxError' } },
    });
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  });

  test('is not written below its level', () => {
    const { lines, destination } = capture();
    createLogger('t', { destination, level: 'warn' }).info('quiet');
    expect(lines).toEqual([]);
  });
});
