import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { parseShare, splitTemplate, type Statistic } from '@boop/mpc';
import { BoopError, type PartyId, partyId, toHex } from '@boop/shared';
import { seededRng, seededUint32 } from '@boop/testing';
import { MatchingEngine } from '../engine.ts';
import { type CommitteeSpec } from '../tasks.ts';
import { type MessageRoute, type Transport } from '../transport.ts';

const coordinates = 64;

/** Short vectors without shifts: S = ⟨x, x'⟩. */
export const statistic: Statistic = {
  id: 'test-vector', p: 8191, coordinates, codeCoordinates: coordinates, validMin: 0, alpha: 1, beta: 0, scoreMin: -4095, scoreMax: 4095,
  shifts: [Int32Array.from({ length: coordinates }, (_, i) => i)],
};
export const theta = 40;
/** For runs that come to an end: a busy machine may take its time. */
export const patientMs = 60_000;

/** Delivers in later turns of the event loop; messages that nobody waits for yet wait themselves. */
export class MemoryNetwork {
  readonly #routes = new Map<string, MessageRoute>();
  readonly #early = new Map<string, { from: PartyId; payload: Uint8Array }[]>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** May change or drop (undefined) a message on its way. */
  tamper: (from: PartyId, to: PartyId, payload: Uint8Array) => Uint8Array | undefined = (_from, _to, payload) => payload;

  transportOf(self: PartyId): Transport {
    return {
      send: (to, runId, payload, released) => {
        const copy = this.tamper(self, to, payload.slice());
        released();
        if (copy) void turn().then(() => this.#deliver(self, to, toHex(runId), copy));
      },
      route: (runId, route) => {
        const key = `${self} ${toHex(runId)}`;
        if (this.#routes.has(key)) throw new BoopError('run.repeated', 'this run id was used before');
        this.#routes.set(key, route);
        for (const { from, payload } of this.#early.get(key) ?? []) route.deliver(from, payload);
        this.#early.delete(key);
        const timer = setTimeout(() => route.fail(new BoopError('run.timeout', 'the protocol run took too long', { kind: 'unavailable' })), route.timeoutMs);
        this.#timers.add(timer);
        return () => {
          clearTimeout(timer);
          this.#timers.delete(timer);
          this.#routes.delete(key);
        };
      },
    };
  }

  /** Runs that one node broke off are not waited for at the others. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  get openRoutes(): number {
    return this.#routes.size;
  }

  #deliver(from: PartyId, to: PartyId, runKey: string, payload: Uint8Array): void {
    const key = `${to} ${runKey}`;
    const route = this.#routes.get(key);
    if (route) return route.deliver(from, payload);
    this.#early.set(key, [...(this.#early.get(key) ?? []), { from, payload }]);
  }
}

/** Three nodes in one process, each with an engine of so many shards. */
export class MemoryNodes {
  readonly network = new MemoryNetwork();
  readonly engines: MatchingEngine[] = [];
  readonly committee: CommitteeSpec = { name: 'c', members: [partyId(1), partyId(2), partyId(3)], threshold: 1 };
  readonly #next = seededUint32(7);
  #ids = 0;

  static async create(shards: number, options: Partial<Parameters<typeof MatchingEngine.create>[0]> = {}): Promise<MemoryNodes> {
    const nodes = new MemoryNodes();
    for (const self of nodes.committee.members) {
      const geometry = { kind: 'vector', coordinates } as const;
      nodes.engines.push(await MatchingEngine.create({ self, statistic, geometry, rowsMax: 4096, shards, transport: nodes.network.transportOf(self), ...options }));
    }
    return nodes;
  }

  /** 16 bytes that were not used before. */
  id(): Uint8Array {
    return new Uint8Array(createHash('sha256').update(`id ${this.#ids++}`).digest().subarray(0, 16));
  }

  async agree(): Promise<void> {
    const [runId, context] = [this.id(), this.id()];
    await this.all((engine) => engine.agree({ committee: this.committee, context, runId, timeoutMs: patientMs }));
  }

  template(like?: Int8Array): Int8Array {
    return like?.slice() ?? Int8Array.from({ length: coordinates }, () => (this.#next() % 3) - 1);
  }

  /** Per node its share of the template, balanced. */
  shares(template: Int8Array): Int16Array[] {
    return splitTemplate(template, statistic, { nodes: 3, threshold: 1 }, seededRng(this.#next())).map((bytes) => parseShare(bytes, statistic));
  }

  append(template: Int8Array): void {
    const shares = this.shares(template);
    this.engines.forEach((engine, at) => engine.gallery.append(shares[at]!));
  }

  /** The same at all nodes, side by side. */
  async all<Output>(work: (engine: MatchingEngine, at: number) => Promise<Output>): Promise<Output[]> {
    return await Promise.all(this.engines.map(work));
  }

  async close(): Promise<void> {
    await Promise.all(this.engines.map((engine) => engine.close()));
    this.network.close();
  }
}
