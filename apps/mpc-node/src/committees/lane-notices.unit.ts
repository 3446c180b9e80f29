import { describe, expect, test } from '@jest/globals';
import { partyId } from '@boop/shared';
import { type RunLanes } from '../link/peer-methods.ts';
import { LaneNotices } from './lane-notices.ts';

const [lowest, other] = [partyId(1), partyId(2)];
const never = new AbortController().signal;
const noticeOf = (run: number): RunLanes => ({ runId: new Uint8Array(16).fill(run), backEnd: 'digits', blockRows: 128, lanes: [] });
const { runId } = noticeOf(7);

describe('a notice of lanes', () => {
  test('is found whether it came before or comes after, once', async () => {
    const notices = new LaneNotices();
    void notices.deliver(lowest, noticeOf(7));
    await expect(notices.expect(lowest, runId, 1_000, never)).resolves.toMatchObject(noticeOf(7));
    const awaited = notices.expect(lowest, runId, 10_000, never);
    void notices.deliver(lowest, noticeOf(8));
    void notices.deliver(lowest, noticeOf(7));
    await expect(awaited).resolves.toMatchObject(noticeOf(7));
  });

  test('is answered when its lanes were taken, or could not be', async () => {
    const notices = new LaneNotices();
    const [taken, lost] = [notices.deliver(lowest, noticeOf(7)), notices.deliver(lowest, noticeOf(8))];
    (await notices.expect(lowest, runId, 1_000, never)).settle();
    await expect(taken).resolves.toBeUndefined();
    (await notices.expect(lowest, noticeOf(8).runId, 1_000, never)).settle(new Error('lost'));
    await expect(lost).rejects.toThrow('lost');
  });

  test('of another node counts for nothing', async () => {
    const notices = new LaneNotices();
    void notices.deliver(other, noticeOf(7));
    const awaited = notices.expect(lowest, runId, 20, never);
    void notices.deliver(other, noticeOf(7));
    await expect(awaited).rejects.toMatchObject({ code: 'run.timeout', missing: [lowest] });
  });

  test('is not waited for once the run is replaced', async () => {
    const notices = new LaneNotices();
    const withdrawal = new AbortController();
    const awaited = notices.expect(lowest, runId, 10_000, withdrawal.signal);
    withdrawal.abort(new Error('replaced'));
    await expect(awaited).rejects.toThrow('replaced');
    await expect(notices.expect(lowest, runId, 10_000, withdrawal.signal)).rejects.toThrow('replaced');
  });

  test('of runs that nobody asks for is kept for a few, and one node does not crowd out another', async () => {
    const notices = new LaneNotices();
    void notices.deliver(other, noticeOf(1));
    const answers = Array.from({ length: 100 }, (_, run) => notices.deliver(lowest, noticeOf(run)));
    await expect(notices.expect(other, noticeOf(1).runId, 1_000, never)).resolves.toMatchObject(noticeOf(1));
    await expect(notices.expect(lowest, noticeOf(99).runId, 1_000, never)).resolves.toMatchObject(noticeOf(99));
    // Its sender does not wait for ever.
    await expect(answers[0]).resolves.toBeUndefined();
    await expect(notices.expect(lowest, noticeOf(0).runId, 20, never)).rejects.toMatchObject({ code: 'run.timeout' });
  });
});
