import { randomBytes } from 'node:crypto';
import { loadKernel, loadLaneKernel, type RowGeometry, type SharedGallery } from '@boop/kernels';
import { type BackEndName, type Decision, type Opening, type Statistic } from '@boop/mpc';
import { BoopError, type PartyId } from '@boop/shared';
import { Admission } from './admission.ts';
import { lanesOf } from './block-schedule.ts';
import { type RowReader, rowReader } from './gallery-rows.ts';
import { inlineShard } from './inline-shard.ts';
import { opensslCtr } from './openssl-ctr.ts';
import { type BlockBits, type TaskOutput } from './outputs.ts';
import { ProductQueue } from './product-queue.ts';
import { type Shard } from './shard.ts';
import { runParts, type ShardPart } from './shard-run.ts';
import { type CommitteeSpec, type ScanTask, type StockRange } from './tasks.ts';
import { threadShard } from './thread-shard.ts';
import { type Transport } from './transport.ts';

export interface EngineOptions {
  readonly self: PartyId;
  readonly statistic: Statistic;
  /** How the statistic's coordinates lie; its shifts are those of the statistic. */
  readonly geometry: RowGeometry;
  readonly transport: Transport;
  /** Rows that memory is set aside for. */
  readonly rowsMax: number;
  /** Threads, the same number at every node; 0 does all in the caller's thread. */
  readonly shards: number;
  /** Scans at once; those at the same block share one pass over its rows. */
  readonly scansMax?: number;
  /** Scans that wait for their turn. */
  readonly queueMax?: number;
}

/** One search, the same at every member but for the shares. */
export interface ScanRequest {
  readonly committee: CommitteeSpec;
  /** 16 bytes, random, never used before. */
  readonly runId: Uint8Array;
  /** This node's shares of the probes, balanced. */
  readonly probes: readonly Int16Array[];
  /** The gallery's first so many rows. */
  readonly rows: number;
  readonly theta: number;
  readonly plan: ScanPlan;
  readonly stock?: StockRange;
  readonly timeoutMs: number;
}

/** What all members of a run must have in common. */
export interface ScanPlan {
  readonly backEnd: BackEndName;
  readonly orForm: 'sum' | 'tree';
  readonly blockRows: number;
  readonly flights: number;
}

/** Correlations made ahead: `blocks` of as many lanes as blocks of this plan take. */
export interface StockRequest {
  readonly committee: CommitteeSpec;
  readonly runId: Uint8Array;
  readonly batchId: Uint8Array;
  readonly blocks: number;
  readonly probes: number;
  readonly plan: ScanPlan;
  readonly timeoutMs: number;
}

const scansMaxDefault = 8;
const queueMaxDefault = 64;
/** Rows that take less time than a message to a thread and back. */
const rowsHereMax = 64;

/**
 * One node's matching: the coordinator, which the node talks to, and its shards, which share one gallery. A run involves the same
 * shards of all members of a committee; shards of one node do not talk to each other.
 */
export class MatchingEngine {
  readonly statistic: Statistic;
  /** The node's rows; this thread is their one writer, and a new row is in the next scan. */
  readonly gallery: SharedGallery;
  readonly #options: EngineOptions;
  readonly #shards: readonly Shard[];
  readonly #admission: Admission;
  readonly #reader: RowReader;
  readonly #products: ProductQueue;

  private constructor(options: EngineOptions, gallery: SharedGallery, reader: RowReader, shards: readonly Shard[]) {
    this.#options = options;
    this.statistic = options.statistic;
    this.gallery = gallery;
    this.#shards = shards;
    this.#reader = reader;
    this.#products = new ProductQueue(shards, gallery.shifts, options.queueMax ?? queueMaxDefault);
    this.#admission = new Admission(options.scansMax ?? scansMaxDefault, options.queueMax ?? queueMaxDefault);
  }

  static async create(options: EngineOptions): Promise<MatchingEngine> {
    const { self, shards, statistic, geometry, rowsMax } = options;
    const kernel = await loadKernel();
    const gallery = kernel.createGallery({ geometry, p: statistic.p, layout: 'auto', rowsMax, readersMax: Math.max(1, shards) });
    const { p, codeCoordinates, alpha, beta } = statistic;
    const weights = { p, codeCoordinates, alpha, beta };
    const rng = { bytes: (count: number) => new Uint8Array(randomBytes(count)) };
    const reader = rowReader(gallery, weights);
    const started =
      shards === 0
        ? [inlineShard({ self, reader, lanes: await loadLaneKernel(), prf: opensslCtr, rng })]
        : await Promise.all(Array.from({ length: shards }, async () => await threadShard(self, { gallery: gallery.handle(), weights })));
    return new MatchingEngine(options, gallery, reader, started);
  }

  /** Makes a committee's keys, one set per shard. */
  async agree(request: { committee: CommitteeSpec; context: Uint8Array; runId: Uint8Array; timeoutMs: number }): Promise<void> {
    const { committee, context } = request;
    await this.#run(request, this.#shards.map((shard, at) => ({ shard, task: { kind: 'agree', committee, context }, firstMachine: at, machines: 1 })));
  }

  /** Makes correlations ahead. */
  async stock(request: StockRequest): Promise<void> {
    const { committee, batchId, blocks, probes, plan } = request;
    const lanes = lanesOf(probes * this.statistic.shifts.length * plan.blockRows);
    const stride = this.#shards.length;
    // A shard has the blocks that it will scan.
    const parts = this.#shards.slice(0, blocks).map((shard, at): ShardPart => {
      const task = { kind: 'stock', committee: committee.name, batchId, lanes, blocks, firstBlock: at, stride, flights: plan.flights, backEnd: plan.backEnd, p: this.statistic.p } as const;
      return { shard, task, firstMachine: at * plan.flights, machines: Math.min(plan.flights, Math.ceil((blocks - at) / stride)) };
    });
    await this.#run(request, parts);
  }

  /**
   * Compares all probes with all rows; one decision per probe.
   * @throws BoopError `service.overloaded` at once when too many wait; EngineAborted; what the transport fails with
   */
  async scan(request: ScanRequest, opening: Opening): Promise<Decision[]> {
    return await this.#admission.run(async () => {
      const outputs = await this.#scan(request, opening);
      const [only] = outputs;
      if (only?.kind === 'decisions') return [...only.decisions];
      const { committee, runId, rows, plan, probes } = request;
      const sums = outputs.flatMap((output) => (output.kind === 'sums' ? [output.sums] : []));
      const task = { kind: 'open', committee: committee.name, runId, sums, probes: probes.length, rows, opening, p: this.statistic.p, backEnd: plan.backEnd } as const;
      const [opened] = await this.#run(request, [{ shard: this.#shards[0]!, task, firstMachine: this.#shards.length * plan.flights, machines: 1 }]);
      return opened?.kind === 'decisions' ? [...opened.decisions] : [];
    });
  }

  /** Opens whether each row matches, to be compared with other systems; no product of this network shows so much. */
  async scanBits(request: ScanRequest): Promise<BlockBits[]> {
    return await this.#admission.run(async () => (await this.#scan(request, 'bits')).flatMap((output) => (output.kind === 'bits' ? output.blocks : [])));
  }

  /**
   * This node's shares of degree 2t of the scores of one probe: local, in the shards' threads, or here where few rows are faster than a thread's turn.
   * @param probe share, balanced; copied
   * @returns products[shift·rows + row], canonical
   * @throws BoopError `service.overloaded`, `gallery.unknown-row`, `share.malformed`, `engine.shard-lost`
   */
  async products(probe: Int16Array, fromRow: number, toRow: number): Promise<Uint16Array> {
    if (toRow > this.gallery.rows || fromRow > toRow || fromRow < 0) throw new BoopError('gallery.unknown-row', 'these rows are not here', { kind: 'peer' });
    if (toRow - fromRow > rowsHereMax) return await this.#products.products(probe, fromRow, toRow);
    const prepared = this.#reader.prepare(probe);
    const out = new Uint16Array(this.gallery.shifts * (toRow - fromRow));
    try {
      this.#reader.products([prepared], fromRow, toRow, out);
      return out;
    } finally {
      this.#reader.forget(prepared);
    }
  }

  /** Passes over the gallery that {@link products} took, and probes that they served. */
  get passes(): Readonly<ProductQueue['counts']> {
    return this.#products.counts;
  }

  forget(committee: CommitteeSpec): void {
    for (const shard of this.#shards) shard.forget(committee.name);
  }

  async close(): Promise<void> {
    await Promise.all(this.#shards.map((shard) => shard.close()));
  }

  async #scan(request: ScanRequest, opening: ScanTask['opening']): Promise<TaskOutput[]> {
    const { committee, runId, probes, rows, theta, plan, stock } = request;
    const { p, scoreMax } = this.statistic;
    const decides = opening !== 'bits' && this.#shards.length === 1 && plan.flights === 1;
    const parts = this.#shards.map((shard, at): ShardPart => {
      const task: ScanTask = {
        kind: 'scan', committee: committee.name, runId, probes, rows, theta, scoreMax, p, opening, decides, ...(stock && { stock }),
        blockRows: plan.blockRows, backEnd: plan.backEnd, orForm: plan.orForm, flights: plan.flights, firstBlock: at, stride: this.#shards.length,
      };
      return { shard, task, firstMachine: at * plan.flights, machines: plan.flights };
    });
    return await this.#run(request, parts);
  }

  async #run({ committee, runId, timeoutMs }: { committee: CommitteeSpec; runId: Uint8Array; timeoutMs: number }, parts: readonly ShardPart[]): Promise<TaskOutput[]> {
    const { self, transport } = this.#options;
    return await runParts(transport, { runId, peers: committee.members.filter((party) => party !== self), timeoutMs }, parts);
  }
}
