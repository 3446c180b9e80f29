import { RunUnfinished } from '@boop/platform';
import { type PartyId, toHex } from '@boop/shared';
import { type RunLanes } from '../link/peer-methods.ts';

/** Of one sender. */
const earlyMax = 64;

interface Waiting {
  readonly from: PartyId;
  readonly resolve: (lanes: RunLanes) => void;
}

/** What the lowest parties of committees say about runs, which may come before this node has been asked to take part in them. */
export class LaneNotices {
  readonly #waiting = new Map<string, Waiting>();
  readonly #early = new Map<PartyId, Map<string, RunLanes>>();

  deliver(from: PartyId, notice: RunLanes): void {
    const name = toHex(notice.runId);
    const waiting = this.#waiting.get(name);
    if (waiting?.from === from) return waiting.resolve(notice);
    const early = this.#early.get(from) ?? new Map<string, RunLanes>();
    this.#early.set(from, early);
    early.set(name, notice);
    const [oldest] = early.keys();
    if (early.size > earlyMax) early.delete(oldest!);
  }

  /**
   * Waits for one notice.
   * @throws RunUnfinished `run.timeout`, or the signal's reason
   */
  async expect(from: PartyId, runId: Uint8Array, timeoutMs: number, signal: AbortSignal): Promise<RunLanes> {
    const name = toHex(runId);
    const early = this.#early.get(from)?.get(name);
    this.#early.get(from)?.delete(name);
    signal.throwIfAborted();
    if (early) return early;
    return await new Promise<RunLanes>((resolve, reject) => {
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
        resolve: (lanes) => {
          end();
          resolve(lanes);
        },
      });
    });
  }
}
