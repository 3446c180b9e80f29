import { expect, test } from '@jest/globals';
import { describe as describeReport, parseReport } from './check-command.ts';

test('the report is the last line that is one, whatever was logged before', () => {
  const report = { ok: false, place: 'entry 7', rule: 'an entry is found at its place by its hash' } as const;
  expect(parseReport(`{"level":"info"}\n${JSON.stringify({ ok: true, counts: { entries: 1 } })}\n${JSON.stringify(report)}\n`)).toEqual(report);
  expect(parseReport('{"ok":"yes"}\nnot json')).toBeUndefined();
  expect(describeReport(report)).toBe('NOT OK at entry 7: an entry is found at its place by its hash');
  expect(describeReport({ ok: true, counts: { entries: 302, checkpoints: 2 } })).toBe('OK: 302 entries, 2 checkpoints');
});
