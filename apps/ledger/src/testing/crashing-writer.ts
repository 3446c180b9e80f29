// A ledger's writing half as a process of its own, ended by SIGKILL at a fault point: everything but HTTP and the links, which the parent stands for.
import { silentLogger, systemClock } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { sha256 } from '@noble/hashes/sha2.js';
import { LogKey } from '../checkpoints/log-key.ts';
import { type NodePort } from '../checkpoints/node-port.ts';
import { tuningSchema } from '../config.ts';
import { type FaultPoint } from '../faults/fault-points.ts';
import { MutationIntake, type Receipt, type Submission } from '../map/mutation-intake.ts';
import { PrismaMapStore } from '../map/prisma-map-store.ts';
import { LedgerDatabase } from '../store/database.ts';
import { PrismaLogStore } from '../store/prisma-log-store.ts';
import { vrfPublicKey } from '@boop/log';
import { createWriter } from '../writer.ts';

export interface CrashFault {
  readonly point: FaultPoint;
  readonly when: 'before' | 'after';
  /** At which pass of that point, from 1. */
  readonly pass: number;
}

export interface WriterStart {
  readonly databaseUrl: string;
  readonly manifest: NetworkManifest;
  readonly vrfSecret: Uint8Array;
  readonly fault?: CrashFault;
}

/** Parent to child and back, each request with its id. */
export type ToChild = { readonly id: number } & (
  | { readonly type: 'start'; readonly start: WriterStart }
  | { readonly type: 'append'; readonly entry: Uint8Array }
  | { readonly type: 'mutate'; readonly submission: Submission }
  | { readonly type: 'answer'; readonly value?: unknown; readonly failed?: boolean }
);
export type ToParent = { readonly id: number } & ({ readonly type: 'done'; readonly value?: number | Receipt } | { readonly type: 'failed' } | { readonly type: 'ask'; readonly party: number; readonly method: string; readonly body: unknown });

const send = (message: ToParent): void => void process.send?.(message);
const asked = new Map<number, (answer: Extract<ToChild, { type: 'answer' }>) => void>();
let nextId = 1;

async function askParent(party: number, method: string, body: unknown): Promise<unknown> {
  const id = nextId++;
  const answer = new Promise<Extract<ToChild, { type: 'answer' }>>((resolve) => asked.set(id, resolve));
  send({ id, type: 'ask', party, method, body });
  const { value, failed } = await answer;
  if (failed) throw new Error('the node refused');
  return value;
}

function begin({ databaseUrl, manifest, vrfSecret, fault }: WriterStart) {
  let passes = 0;
  const database = LedgerDatabase.open(databaseUrl, async (point, when) => {
    if (point !== fault?.point || when !== fault.when || ++passes !== fault.pass) return;
    process.kill(process.pid, 'SIGKILL');
    // The signal is on its way: nothing may happen after this point.
    await new Promise(() => undefined);
  });
  const [store, mapStore] = [new PrismaLogStore(database), new PrismaMapStore(database)];
  const nodes = manifest.members.map(({ party }): NodePort => ({ party: party as NodePort['party'], connected: true, request: (method, body) => askParent(party, method, body) }));
  const tuning = tuningSchema.parse({ batchIntervalMs: 5, checkpointIntervalMs: 5, revisionIntervalMs: 5, cosignatureRefreshMs: 50 });
  const ignore = (): void => undefined;
  const writer = createWriter({ manifest, store, mapStore, vrfKey: vrfPublicKey(vrfSecret), nodes, key: new LogKey(manifest, nodes, store), tuning, log: silentLogger, onBatch: ignore, onCheckpoint: ignore, witnesses: [] });
  const intake = new MutationIntake({ origin: manifest.logOrigin, vrfSecret, store: mapStore, clock: systemClock, waitingMax: 1_000, onAccepted: () => writer.wakeMap() });
  void writer.lead(new AbortController().signal);
  return { writer, intake };
}

let parts: ReturnType<typeof begin> | undefined;

async function handle(message: Exclude<ToChild, { type: 'answer' }>): Promise<number | Receipt | undefined> {
  if (message.type === 'start') {
    parts = begin(message.start);
    return undefined;
  }
  if (message.type === 'append') return await parts!.writer.pool.add({ hash: sha256(message.entry), bytes: message.entry });
  return await parts!.intake.submit(message.submission);
}

process.on('message', (message: ToChild) => {
  if (message.type === 'answer') return void asked.get(message.id)?.(message);
  handle(message).then(
    (value) => send({ id: message.id, type: 'done', ...(value === undefined ? {} : { value }) }),
    () => send({ id: message.id, type: 'failed' }),
  );
});
process.on('disconnect', () => process.exit(0));
