import { parseLogEntry } from '@boop/protocol';
import { type MapStore } from '../map/map-store.ts';
import { type LogStore } from '../store/log-store.ts';
import { at, Finding } from './finding.ts';
import { checkLog } from './log-check.ts';
import { MapCheck } from './map-check.ts';

export type CheckReport = { readonly ok: true; readonly counts: Readonly<Record<string, number>> } | { readonly ok: false; readonly place: string; readonly rule: string };

/** The money's part of a check, on the same database. */
export interface AccountsCheck {
  check(): Promise<{ readonly ok: true; readonly accounts: number; readonly transfers: number } | { readonly ok: false; readonly place: string; readonly rule: string }>;
}

export interface CheckOptions {
  readonly origin: string;
  readonly logStore: LogStore;
  readonly mapStore: MapStore;
  readonly accounts?: AccountsCheck | undefined;
  /** For logs of tests, whose entries are of no kind. */
  readonly anyEntry?: boolean;
}

/**
 * Replays log, tiles, checkpoints, map and accounts from storage and says that all is well, or the first place that is not. Only reads; a
 * ledger may go on writing meanwhile: what it appends after the start is not looked at.
 */
export async function checkLedger({ origin, logStore, mapStore, accounts, anyEntry = false }: CheckOptions): Promise<CheckReport> {
  try {
    const map = new MapCheck(mapStore, origin);
    const onEntry = async (bytes: Uint8Array, leafIndex: number): Promise<void> => {
      if (!anyEntry) await at(`entry ${leafIndex}`, () => parseLogEntry(bytes));
      await map.entry(bytes, leafIndex);
    };
    const { head, checkpoints } = await checkLog({ store: logStore, origin, onEntry });
    const { revisions, mutations, accounts: mapped } = await map.finish(head.size);
    const money = await accounts?.check();
    if (money?.ok === false) return money;
    const counts = { entries: head.size, checkpoints, revisions, mutations, mapAccounts: mapped, ...(money ? { accounts: money.accounts, transfers: money.transfers } : {}) };
    return { ok: true, counts };
  } catch (error) {
    if (error instanceof Finding) return { ok: false, place: error.place, rule: error.rule };
    throw error;
  }
}
