import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { formatVerifierKey } from '@boop/log';
import { type Alarm, compareWithPeers, FileMonitorStore, HttpLogSource, Monitor, serveMonitor } from '@boop/monitor';
import { systemClock, writeFileAtomic } from '@boop/platform';
import { isBoopError } from '@boop/shared';
import { openMonitorKey } from './monitor-key.ts';

export interface MonitorRun {
  readonly url: string;
  readonly key: string;
  readonly folder: string;
  readonly name: string;
  readonly listen?: { readonly host: string; readonly port: number };
  readonly peers: readonly string[];
  readonly cosigners: readonly string[];
  readonly quorum: number;
  readonly ageMax: number;
  readonly interval: number;
  readonly once: boolean;
  readonly write: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** Alarms kept to be offered to others. */
const OFFERED_MAX = 1_000;

/** Looks until interrupted, or once. Returns the exit code: 2 when there is evidence against the log, else 1 when the last look found something wrong, else 0. */
export async function runMonitor(run: MonitorRun): Promise<number> {
  const { url, key, folder, write } = run;
  const store = new FileMonitorStore(folder);
  const signer = openMonitorKey(folder, run.name);
  const policy = { cosigners: run.cosigners, quorum: run.quorum, ...(run.quorum > 0 ? { cosignatureAgeMaxS: run.ageMax } : {}) };
  const monitor = new Monitor({ vkey: key, ...policy, source: new HttpLogSource(url), store, clock: systemClock, signer });
  await monitor.load();
  write(`cosigning as ${formatVerifierKey(signer.key)}\n`);
  const told: Alarm[] = [];
  const server = run.listen && (await serveMonitor(monitor, () => told, run.listen));
  const stop = stopper(run.signal);
  try {
    const peers = run.peers.map((peer) => new HttpLogSource(peer));
    for (let last = ''; ; ) {
      const { alarms, line } = await look(monitor, peers);
      if (line !== last || alarms.length > 0) write(line);
      last = line;
      for (const alarm of alarms) tell(run, alarm, told);
      if (run.once || stop.signal.aborted) return monitor.state.convicted ? 2 : alarms.length > 0 ? 1 : 0;
      await stop.wait(run.interval);
    }
  } finally {
    stop.close();
    await server?.close();
  }
}

/** One look at the log and at the peers. A log that can't be read is no fault of its history, and an alarm without evidence. */
async function look(monitor: Monitor, peers: readonly HttpLogSource[]): Promise<{ alarms: readonly Alarm[]; line: string }> {
  const alarms: Alarm[] = [];
  try {
    alarms.push(...(await monitor.step()).alarms);
    alarms.push(...(await compareWithPeers(monitor, peers)).alarms);
  } catch (error) {
    if (!isBoopError(error) || error.kind === 'fatal') throw error;
    alarms.push({ code: error.code, atS: Math.floor(systemClock.nowMs() / 1000), observed: error.message });
  }
  return { alarms, line: lineOf(monitor) };
}

function lineOf(monitor: Monitor): string {
  const { head, map, convicted } = monitor.state;
  return `${convicted ? 'CONVICTED ' : ''}${head.size} entries verified, map at revision ${map.revision}\n`;
}

/** The same alarm is told once in a row. */
function tell({ folder, write }: MonitorRun, alarm: Alarm, told: Alarm[]): void {
  const same = told.some(({ code, evidence, observed }) => code === alarm.code && observed === alarm.observed && JSON.stringify(evidence) === JSON.stringify(alarm.evidence));
  if (same) return;
  told.push(alarm);
  if (told.length > OFFERED_MAX) told.shift();
  if (!alarm.evidence) return write(`ALARM ${alarm.code} (seen, not provable to others)\n`);
  const evidenceFolder = join(folder, 'evidence');
  mkdirSync(evidenceFolder, { recursive: true, mode: 0o700 });
  const file = join(evidenceFolder, `${alarm.atS}-${told.length}-${alarm.code}.json`);
  writeFileAtomic(file, `${JSON.stringify(alarm.evidence, null, 1)}\n`);
  write(`ALARM ${alarm.code}: evidence in ${file}\n  check it: boop ledger verify ${file} --key <vkey of the log>\n`);
}

/** Ends a wait early on SIGINT, SIGTERM or the caller's signal. */
function stopper(outer?: AbortSignal) {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  process.once('SIGINT', abort);
  process.once('SIGTERM', abort);
  outer?.addEventListener('abort', abort, { once: true });
  if (outer?.aborted) abort();
  return {
    signal: controller.signal,
    wait: async (ms: number): Promise<void> => {
      if (controller.signal.aborted) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        controller.signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
      });
    },
    close: (): void => {
      process.removeListener('SIGINT', abort);
      process.removeListener('SIGTERM', abort);
      outer?.removeEventListener('abort', abort);
    },
  };
}
