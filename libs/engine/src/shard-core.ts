import { type LaneArena, type LaneKernel } from '@boop/kernels';
import { agreeCommitteeKeys, type BlockParty, blockId, type CommitteeKeys, type CorrelationBlock, type Decision, MatchSums, offlineBlock, onlineBits, onlineBlock, openMatches, type Prf } from '@boop/mpc';
import { BoopError, type PartyId, type Rng, roundMachine, type RoundProtocol, toHex } from '@boop/shared';
import { lanesOf, type RowBlock, rowBlocks } from './block-schedule.ts';
import { type Failure, MachineGroup } from './machine-group.ts';
import { PassMember, ProductPass } from './product-pass.ts';
import { type RowReader } from './gallery-rows.ts';
import { type AgreeTask, type CommitteeSpec, type OpenTask, type ProductsTask, type ScanTask, type ShardTask, type StockTask } from './tasks.ts';
import { type BlockBits, exportSums, importSums, type TaskOutput } from './outputs.ts';

/** What a shard says to whoever gave it a task. */
export interface TaskEvents {
  /** The payload's memory is the receiver's from here on. */
  send(machine: number, to: PartyId, payload: Uint8Array): void;
  done(output: TaskOutput): void;
  failed(failure: Failure): void;
}

export interface RunningTask {
  /** The payload's memory is the shard's from here on. */
  deliver(machine: number, from: PartyId, payload: Uint8Array): void;
  cancel(): void;
}

export interface ShardOptions {
  readonly self: PartyId;
  readonly reader: RowReader;
  readonly lanes: LaneKernel;
  readonly prf: Prf;
  readonly rng: Rng;
}

interface FlightOutput {
  readonly sums: MatchSums | undefined;
  readonly bits: readonly BlockBits[];
  readonly decisions?: readonly Decision[];
}

interface Stocked {
  readonly arena: LaneArena;
  readonly correlations: CorrelationBlock;
}

/**
 * One shard of one node: its own committee keys and correlations, and the comparison of its blocks of rows. It never waits:
 * messages and tasks are pushed into it, in whatever thread or process it lives.
 */
export class ShardCore {
  readonly #options: ShardOptions;
  readonly #passes: ProductPass;
  readonly #committees = new Map<string, { spec: CommitteeSpec; keys: CommitteeKeys }>();
  readonly #stock = new Map<string, Stocked>();
  readonly #idleArenas: LaneArena[] = [];
  #worksLater = false;

  constructor(options: ShardOptions) {
    this.#options = options;
    this.#passes = new ProductPass(options.reader);
  }

  start(task: ShardTask, events: TaskEvents): RunningTask {
    try {
      switch (task.kind) {
        case 'agree':
          return this.#agree(task, events);
        case 'stock':
          return this.#fill(task, events);
        case 'scan':
          return this.#scan(task, events);
        case 'open':
          return this.#open(task, events);
        case 'products':
          return this.#products(task, events);
      }
    } catch (error) {
      const code = error instanceof BoopError ? error.code : 'engine.broken';
      events.failed({ code, blame: [], kind: 'broken' });
      return over;
    }
  }

  /** Forgets a committee's keys and correlations. */
  forget(committee: string): void {
    this.#committees.get(committee)?.keys.wipe();
    this.#committees.delete(committee);
    for (const [name, stocked] of this.#stock) if (name.startsWith(`${committee}/`)) this.#drop(name, stocked);
  }

  wipe(): void {
    for (const name of [...this.#committees.keys()]) this.forget(name);
    for (const arena of this.#idleArenas.splice(0)) arena.wipe();
  }

  #agree({ committee: spec, context }: AgreeTask, events: TaskEvents): RunningTask {
    if (this.#committees.has(spec.name)) throw new BoopError('committee.repeated', 'a committee agrees on keys once under a name', { kind: 'fatal' });
    const { self, rng } = this.#options;
    return group([() => agreeCommitteeKeys({ self, committee: spec.members, threshold: spec.threshold, context }, rng)], events, ([keys]) => {
      this.#committees.set(spec.name, { spec, keys: keys! });
      return { kind: 'agreed' };
    });
  }

  #fill(task: StockTask, events: TaskEvents): RunningTask {
    const party = this.#party(task.committee, task.p, task.backEnd);
    const flights = Array.from({ length: Math.min(task.flights, Math.ceil((task.blocks - task.firstBlock) / task.stride)) }, (_, flight) => () => this.#fillFlight(task, party, flight));
    return group(flights, events, () => ({ kind: 'stocked' }), { frees: true });
  }

  *#fillFlight({ committee, batchId, lanes, blocks, firstBlock, stride, flights }: StockTask, party: BlockParty, flight: number): RoundProtocol<void> {
    for (let block = firstBlock + flight * stride; block < blocks; block += flights * stride) {
      const arena = this.#arena();
      const id = blockId(batchId, block);
      let made = false;
      try {
        const correlations = yield* offlineBlock(party, arena, { batchId: id, lanes });
        this.#stock.set(stockName(committee, id), { arena, correlations });
        made = true;
      } finally {
        if (!made) this.#discard(arena);
      }
    }
  }

  #scan(task: ScanTask, events: TaskEvents): RunningTask {
    const { reader } = this.#options;
    if (task.rows > reader.rows) throw new BoopError('gallery.unknown-row', 'the scan names rows that are not here', { kind: 'peer' });
    const party = this.#party(task.committee, task.p, task.backEnd);
    const probes = task.probes.map((share) => reader.prepare(share));
    const member = new PassMember(probes, rowBlocks(task.rows, task.blockRows, task.firstBlock, task.stride));
    this.#passes.join(task.blockRows, member);
    const flights = Array.from({ length: task.flights }, (_, flight) => () => this.#scanFlight(task, party, member, flight));
    const end = (): void => {
      this.#passes.leave(task.blockRows, member);
      for (const probe of probes) reader.forget(probe);
    };
    return group(flights, { ...events, failed: (failure) => (end(), events.failed(failure)) }, (outputs) => {
      end();
      if (task.opening === 'bits') return { kind: 'bits', blocks: outputs.flatMap(({ bits }) => bits) };
      const decided = outputs.find(({ decisions }) => decisions);
      if (decided) return { kind: 'decisions', decisions: decided.decisions! };
      const total = new MatchSums(task.probes.length, task.opening);
      for (const { sums } of outputs) if (sums) total.add(sums);
      return { kind: 'sums', sums: exportSums(total) };
    }, { frees: true, cancelled: end });
  }

  *#scanFlight(task: ScanTask, party: BlockParty, member: PassMember, flight: number): RoundProtocol<FlightOutput> {
    const { shifts } = this.#options.reader;
    const probes = task.probes.length;
    const { runId, theta, scoreMax, orForm, opening } = task;
    const sums = opening === 'bits' ? undefined : new MatchSums(probes, opening);
    const bits: BlockBits[] = [];
    const blocks = [...rowBlocks(task.rows, task.blockRows, task.firstBlock + flight * task.stride, task.flights * task.stride)];
    for (const [at, block] of blocks.entries()) {
      const lanes = lanesOf(probes * shifts * block.rows);
      const stocked = task.stock && this.#take(task.committee, blockId(task.stock.batchId, task.stock.firstBlock + block.index));
      const arena = stocked?.arena ?? this.#arena();
      let products: Uint16Array | undefined;
      let done = false;
      try {
        if (!stocked) this.#want(task, member, block);
        const correlations = stocked?.correlations ?? (yield* offlineBlock(party, arena, { batchId: blockId(runId, block.index), lanes }));
        products = this.#passes.take(task.blockRows, member, block);
        const next = blocks[at + 1];
        if (next) this.#want(task, member, next);
        const input = { runId: blockId(runId, block.index), correlations, products, probes, rows: block.rows, shifts, firstRow: block.fromRow, theta, scoreMax, orForm };
        if (sums) sums.add(yield* onlineBlock(party, arena, { ...input, opening: sums.opening }));
        else bits.push({ fromRow: block.fromRow, rows: block.rows, words: yield* onlineBits(party, arena, input) });
        done = true;
      } finally {
        if (products) this.#passes.recycle(products);
        if (done) this.#idleArenas.push(arena);
        else this.#discard(arena);
      }
    }
    if (!sums || !task.decides) return { sums, bits };
    return { sums: undefined, bits, decisions: yield* openMatches(party, { runId, sums, rows: task.rows }) };
  }

  /** Products of a block that this scan comes to next: computed as long as no message wants to be read. */
  #want({ blockRows }: ScanTask, member: PassMember, block: RowBlock): void {
    this.#passes.want(blockRows, member, block);
    this.#workLater();
  }

  #workLater(): void {
    if (this.#worksLater) return;
    this.#worksLater = true;
    setImmediate(() => {
      this.#worksLater = false;
      try {
        if (this.#passes.work()) this.#workLater();
      } catch {
        // The scan meets the same error when it takes the block, and ends with it.
      }
    });
  }

  #open(task: OpenTask, events: TaskEvents): RunningTask {
    const party = this.#party(task.committee, task.p, task.backEnd);
    const { runId, rows, opening } = task;
    const sums = importSums(task.probes, opening, task.sums);
    return group([() => openMatches(party, { runId, sums, rows })], events, ([decisions]) => ({ kind: 'decisions', decisions: decisions! }));
  }

  #products({ probes, fromRow, toRow }: ProductsTask, events: TaskEvents): RunningTask {
    const { reader } = this.#options;
    if (toRow > reader.rows) throw new BoopError('gallery.unknown-row', 'these rows are not here', { kind: 'peer' });
    const prepared = probes.map((share) => reader.prepare(share));
    const products = new Uint16Array(probes.length * reader.shifts * (toRow - fromRow));
    try {
      reader.products(prepared, fromRow, toRow, products);
    } finally {
      for (const probe of prepared) reader.forget(probe);
      for (const share of probes) share.fill(0);
    }
    events.done({ kind: 'products', products });
    return over;
  }

  #party(committee: string, p: number, backEnd: BlockParty['backEnd']): BlockParty {
    const known = this.#committees.get(committee);
    if (!known) throw new BoopError('committee.unknown', 'this committee has no keys here', { kind: 'unavailable' });
    const { spec, keys } = known;
    return { self: this.#options.self, committee: spec.members, threshold: spec.threshold, keys, p, backEnd, prf: this.#options.prf };
  }

  #take(committee: string, id: Uint8Array): Stocked {
    const name = stockName(committee, id);
    const stocked = this.#stock.get(name);
    if (!stocked) throw new BoopError('correlation.unknown', 'there is no such block of correlations here', { kind: 'peer' });
    this.#stock.delete(name);
    return stocked;
  }

  #drop(name: string, { arena }: Stocked): void {
    this.#stock.delete(name);
    this.#discard(arena);
  }

  /** Nothing of it will be used: wiped at once, not when it is written over. */
  #discard(arena: LaneArena): void {
    arena.wipe();
    this.#idleArenas.push(arena);
  }

  #arena(): LaneArena {
    const arena = this.#idleArenas.pop() ?? this.#options.lanes.createArena();
    arena.reset();
    return arena;
  }
}

/** A task that ended at once. */
const over: RunningTask = { deliver() {}, cancel() {} };

const stockName = (committee: string, id: Uint8Array): string => `${committee}/${toHex(id)}`;

interface GroupOptions {
  readonly frees?: boolean;
  readonly cancelled?: () => void;
}

function group<Output>(protocols: readonly (() => RoundProtocol<Output>)[], events: TaskEvents, outputOf: (outputs: readonly Output[]) => TaskOutput, { frees = false, cancelled }: GroupOptions = {}): RunningTask {
  const started: RoundProtocol<Output>[] = [];
  const machines = new MachineGroup(
    protocols.map((create) =>
      roundMachine(() => {
        const protocol = create();
        started.push(protocol);
        return protocol;
      }),
    ),
    {
      send: (machine, to, payload) => events.send(machine, to, payload),
      failed(failure) {
        stop();
        events.failed(failure);
      },
      done: (outputs) => events.done(outputOf(outputs)),
    },
    frees,
  );
  // Runs the `finally` blocks of protocols that wait for messages, which wipe their secrets.
  const stop = (): void => {
    for (const protocol of started) protocol.return(undefined as never);
  };
  machines.start();
  return {
    deliver: (machine, from, payload) => machines.deliver(machine, from, payload),
    cancel() {
      machines.cancel();
      stop();
      cancelled?.();
    },
  };
}
