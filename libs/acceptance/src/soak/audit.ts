import { join } from 'node:path';
import { createVerifierKey, SignatureType } from '@boop/log';
import { FileMonitorStore, HttpLogSource, Monitor } from '@boop/monitor';
import { systemClock } from '@boop/platform';
import { isBoopError } from '@boop/shared';
import { until } from '../network-harness.ts';
import { type Shop } from '../shop.ts';
import { type ChaosNetwork } from './chaos-network.ts';
import { type Journal } from './journal.ts';
import { type Acknowledged } from './visits.ts';

/** Entries are under a checkpoint within seconds; a machine that is busy with all else takes longer. */
const proofTimeoutMs = 120_000;
const proofsAtOnce = 4;

/** Somebody outside who follows the log all the time, and is told by nobody that anything is being broken. */
export class Watch {
  readonly #monitor: Monitor;
  readonly #journal: Journal;
  #steps = 0;

  private constructor(monitor: Monitor, journal: Journal) {
    this.#monitor = monitor;
    this.#journal = journal;
  }

  static async of(network: ChaosNetwork, vkey: string, journal: Journal): Promise<Watch> {
    const { shown } = network;
    const signer = { key: createVerifierKey('monitor.example/soak', SignatureType.cosignatureV1, new Uint8Array(32).fill(9)), sign: () => new Uint8Array(64) };
    const monitor = new Monitor({ vkey, source: new HttpLogSource(shown.ledgerUrl), store: new FileMonitorStore(join(shown.dataDir, 'monitor')), clock: systemClock, signer });
    await monitor.load();
    return new Watch(monitor, journal);
  }

  /** @returns entries verified so far; a log that can't be read at the moment is looked at later */
  async step(): Promise<number> {
    try {
      const { alarms } = await this.#monitor.step();
      this.#steps += 1;
      for (const { code, evidence } of alarms) if (evidence) this.#journal.violation(`the monitor proves ${code}`);
    } catch (error) {
      if (!isBoopError(error) || error.kind === 'fatal') throw error;
    }
    return this.#monitor.state.head.size;
  }

  /** Follows to the end, without any alarm. */
  async finish(): Promise<{ entries: number; steps: number }> {
    let last = 'not reached';
    await until(async () => {
      try {
        const { alarms } = await this.#monitor.step();
        last = alarms.map(({ code }) => code).join();
        return alarms.length === 0;
      } catch (error) {
        if (!isBoopError(error) || error.kind === 'fatal') throw error;
        last = error.code;
        return false;
      }
    }, proofTimeoutMs).catch(() => this.#journal.violation(`the monitor is not content: ${last}`));
    if (this.#monitor.state.convicted) this.#journal.violation('the monitor has evidence against the log');
    return { entries: this.#monitor.state.head.size, steps: this.#steps };
  }
}

/** Every entry that a client was promised is under a checkpoint. @returns how many */
export async function proveAll(shop: Shop, { logEntries }: Acknowledged, journal: Journal): Promise<number> {
  const left = [...new Set(logEntries)];
  const count = left.length;
  const worker = async (): Promise<void> => {
    for (let entry = left.pop(); entry !== undefined; entry = left.pop()) {
      try {
        const proof = await shop.vendor.getLogProof(entry, { waitMs: proofTimeoutMs });
        await shop.vendor.verifyProof(proof, entry);
      } catch (error) {
        journal.violation(`entry ${entry} has no proof: ${isBoopError(error) ? error.code : String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: proofsAtOnce }, worker));
  return count;
}

/** All nodes have the same rows, and none waits for anything. */
export async function compareRows(network: ChaosNetwork, journal: Journal): Promise<number> {
  const rows = async (): Promise<number[]> => (await network.shown.nodes()).map(({ galleryRows }) => galleryRows ?? -1);
  await until(async () => new Set(await rows().catch(() => [0, 1])).size === 1, 60_000).catch(async () => journal.violation(`nodes hold ${(await rows()).join()} rows`));
  return (await rows())[0]!;
}
