import { systemRng } from '@boop/platform';
import { type CheckReport, checkLedger } from '../check/check-ledger.ts';
import { type Receipt, type Submission } from '../map/mutation-intake.ts';
import { PrismaMapStore } from '../map/prisma-map-store.ts';
import { AccountHolder } from './account-holder.ts';
import { type CrashFault } from './crashing-writer.ts';
import { eventually } from './eventually.ts';
import { type SimulatedNode } from './simulated-node.ts';
import { type TestDatabases } from './test-databases.ts';
import { type TestNetwork } from './test-network.ts';
import { WriterProcess } from './writer-process.ts';

const ENTRIES = 12;
const ACCOUNTS = 3;

export interface TrialOutcome {
  /** How the first process ended. */
  readonly ended: unknown;
  /** What was acknowledged before the crash, and what the retry of everything said afterwards. */
  readonly acknowledged: ReadonlyMap<number, number>;
  readonly indexes: readonly number[];
  readonly receiptsBefore: ReadonlyMap<number, Receipt>;
  readonly receipts: readonly Receipt[];
  readonly report: CheckReport;
}

/** Writes entries and mutations to a ledger that dies at a fault, starts it again, repeats every request, waits until all is served, and checks the storage. */
export async function crashTrial(databases: TestDatabases, name: string, network: TestNetwork, nodes: readonly SimulatedNode[], fault: CrashFault): Promise<TrialOutcome> {
  const logStore = await databases.emptied(name);
  const mapStore = new PrismaMapStore(databases.database(name));
  for (const node of nodes) node.forget();
  const start = { databaseUrl: databases.url(name), manifest: network.manifest, vrfSecret: systemRng.bytes(32) };
  const entries = Array.from({ length: ENTRIES }, (_, at) => network.entry(at));
  const accounts = Array.from({ length: ACCOUNTS }, (_, at) => new AccountHolder(network.manifest.logOrigin, start.vrfSecret, `account-${at}`));
  const submissions = [...accounts.map((account) => account.advance('one')), ...accounts.map((account) => account.advance('two'))];

  const dying = new WriterProcess(nodes);
  await dying.start({ ...start, fault });
  const acknowledged = new Map<number, number>();
  const receiptsBefore = new Map<number, Receipt>();
  // Until the end, whatever the crash cuts off.
  const writing = writeAll(dying, entries, submissions, (at, index) => acknowledged.set(at, index), (at, receipt) => receiptsBefore.set(at, receipt)).catch(() => undefined);
  const ended = await Promise.race([dying.ended, new Promise((resolve) => void setTimeout(resolve, 60_000, 'nothing happened').unref())]);
  await dying.stop();
  await writing;

  const sound = new WriterProcess(nodes);
  const indexes: number[] = [];
  const receipts: Receipt[] = [];
  try {
    await sound.start(start);
    await writeAll(sound, entries, submissions, (_at, index) => indexes.push(index), (_at, receipt) => receipts.push(receipt));
    await eventually(async () => {
      const [head, published, waiting] = [await logStore.head(), await logStore.published(), await mapStore.countWaiting(1)];
      return waiting === 0 && published?.size === head.size;
    });
  } finally {
    await sound.stop();
  }
  return { ended, acknowledged, indexes, receiptsBefore, receipts, report: await checkLedger({ origin: network.manifest.logOrigin, logStore, mapStore }) };
}

/** One after the other, entries and mutations in turn, so that what was acknowledged has an order. */
async function writeAll(
  writer: WriterProcess,
  entries: readonly Uint8Array[],
  submissions: readonly Submission[],
  onIndex: (at: number, index: number) => void,
  onReceipt: (at: number, receipt: Receipt) => void,
): Promise<void> {
  for (const [at, entry] of entries.entries()) {
    onIndex(at, await writer.append(entry));
    if (at < submissions.length) onReceipt(at, await writer.mutate(submissions[at]!));
  }
}
