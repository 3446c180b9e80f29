import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { closeCodes, problems } from '@boop/protocol';
import { projectRoot } from './captures.ts';

const file = join(projectRoot, 'docs/api/codes.md');
const mark = '<!-- from the tables of libs/protocol -->';

const tables = (): string =>
  [
    '## Codes of errors',
    '',
    'The same over HTTP (`code` of the RFC 9457 document) and over WebSockets (`code` of an `error` message). A code is never renamed. *Again* says whether the same person may simply try again.',
    '',
    '| code | status | again | |',
    '| --- | --- | :-: | --- |',
    ...Object.entries(problems).map(([code, { status, retry, title }]) => `| \`${code}\` | ${status} | ${retry ? '●' : ''} | ${title} |`),
    '',
    '## Codes with which the bridge closes',
    '',
    'Of all four channels. *Reconnect* says whether connecting again makes sense. A connection that was broken off has no code; clients see 1006, and connect again.',
    '',
    '| code | name | reconnect | |',
    '| --- | --- | :-: | --- |',
    ...Object.entries(closeCodes).map(([code, { name, reconnect, meaning }]) => `| ${code} | \`${name}\` | ${reconnect ? '●' : ''} | ${meaning} |`),
    '',
  ].join('\n');

test('the document of codes is that of the tables', () => {
  const [introduction, written] = readFileSync(file, 'utf8').split(`${mark}\n`);
  if (process.env['UPDATE_CODES']) writeFileSync(file, `${introduction}${mark}\n${tables()}`);
  else expect(written).toBe(tables());
});
