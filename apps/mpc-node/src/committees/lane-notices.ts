import { RunUnfinished } from '@boop/platform';
import { type PartyId, toHex } from '@boop/shared';
import { type RunLanes } from '../link/peer-methods.ts';

/** Of one sender. */
const earlyMax = 64;

/** What the lowest party of a committee says about a run. */
export interface LaneNotice extends RunLanes {
  /** Tells it whether this node had its part of the lanes. */
  readonly settle: (error?: unknown) => void;
}

interface Waiting {
  readonly from: PartyId;
  readonly resolve: (notice: LaneNotice) => void;
}

/** Notices of lanes, which may come before this node has been asked to take part in their runs. */
export class LaneNotices {
  readonly #waiting = new Map<string, Waiting>();
  readonly #early = new Map<PartyId, Map<string, LaneNotice>>();

  /** Resolves once a run has taken its lanes, or nobody asks for it. @throws what kept it from them */
  async deliver(from: PartyId, lanes: RunLanes): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: unknown): void => (error === undefined ? resolve() : reject(error as Error));
      const notice = { ...lanes, settle };
      const name = toHex(lanes.runId);
      const waiting = this.#waiting.get(name);
      if (waiting?.from === from) return waiting.resolve(notice);
      const early = this.#early.get(from) ?? new Map<string, LaneNotice>();
      this.#early.set(from, early);
      early.get(name)?.settle();
      early.set(name, notice);
      if (early.size <= earlyMax) return;
      const [oldest] = early.keys();
      early.get(oldest!)!.settle();
      early.delete(oldest!);
    });
  }

  /**
   * Waits for one notice.
   * @throws RunUnfinished `run.timeout`, or the signal's reason
   */
  async expect(from: PartyId, runId: Uint8Array, timeoutMs: number, signal: AbortSignal): Promise<LaneNotice> {
    const name = toHex(runId);
    const early = this.#early.get(from)?.get(name);
    this.#early.get(from)?.delete(name);
    if (signal.aborted) early?.settle();
    signal.throwIfAborted();
    if (early) return early;
    return await new Promise<LaneNotice>((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        this.#waiting.delete(name);
      };
      const onAbort = (): void => {
        end();
        reject(signal.reason as Error);
      };
      const timer = setTimeout(() => {
        end();
        reject(new RunUnfinished('run.timeout', 'nobody said how the run is compared', [from]));
      }, timeoutMs);
      signal.addEventListener('abort', onAbort);
      this.#waiting.set(name, {
        from,
        resolve: (notice) => {
          end();
          resolve(notice);
        },
      });
    });
  }
}
