import { expect, test } from '@jest/globals';
import { Story } from './story.ts';

function told(isTTY: boolean, tell: (story: Story) => void): string {
  let text = '';
  tell(new Story({ write: (part) => (text += part), isTTY }));
  return text;
}

test('a file gets plain lines: no colours, no overwriting, progress only now and then', () => {
  const text = told(false, (story) => {
    for (let i = 0; i <= 100; i++) story.progress(i, 100, 'palms');
    story.line(story.good('done'));
    story.table([['', 'tried'], ['genuine', '5']]);
  });
  expect(text).not.toContain('\u001b');
  expect(text.split('\n')).toEqual([expect.stringContaining('0/100  palms'), '✓ done', '            tried', '  genuine       5', '']);
});

test('a terminal sees one progress line, which is gone when the story goes on', () => {
  const text = told(true, (story) => {
    story.progress(1, 2, 'palms');
    story.progress(2, 2, 'palms');
    story.line('done');
  });
  expect(text.endsWith('\r\u001b[2Kdone\n')).toBe(true);
  expect(text.match(/\n/g)).toHaveLength(1);
});
