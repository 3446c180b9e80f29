import { setTimeout as sleep } from 'node:timers/promises';
import { type Weather } from '@boop/testing';
import { type ChaosNetwork } from './chaos-network.ts';
import { type Dice } from './dice.ts';
import { type Journal } from './journal.ts';

const pauseMs = { from: 1_500, to: 7_000 };
/** Two of five nodes may be out of reach at once; a third would stop everything. */
const badNodesMax = 2;

/** Kills, freezes and cuts off one thing after the other, and always mends it again. */
export class Mischief {
  readonly #network: ChaosNetwork;
  readonly #dice: Dice;
  readonly #journal: Journal;
  readonly #bad = new Set<string>();

  constructor(network: ChaosNetwork, dice: Dice, journal: Journal) {
    this.#network = network;
    this.#dice = dice;
    this.#journal = journal;
  }

  /** Ends processes, until told to stop. */
  async crashes(isOver: () => boolean): Promise<void> {
    const node = (): string | undefined => this.#aNode();
    const kinds: readonly (readonly [number, () => Promise<void>])[] = [
      [10, () => this.#onNode('kill a node', node(), (name) => this.#killed(name, 200, 12_000))],
      [4, () => this.#onNode('freeze a node', node(), (name) => this.#frozen(name))],
      [3, () => this.#on('kill the gateway', () => this.#killed('gateway', 100, 2_000))],
      [3, () => this.#on('kill the bridge', () => this.#killed('bridge', 100, 2_000))],
      [3, () => this.#on('kill the ledger', () => this.#killed('ledger', 100, 4_000))],
      [2, () => this.#on('kill the attributes service', () => this.#killed('attributes', 100, 3_000))],
      [1, () => this.#on('restart PostgreSQL', () => this.#postgres('fast'))],
      [1, () => this.#on('crash PostgreSQL', () => this.#postgres('crash'))],
      [2, () => this.#on('kill Redis', () => this.#redis())],
    ];
    await this.#loop(kinds, isOver);
  }

  /** Changes what lies between processes, until told to stop. */
  async weather(isOver: () => boolean): Promise<void> {
    const cut = (blocked: Weather['blocked'], whileBlocked: Weather['whileBlocked']) => () => this.#onNode(`partition, ${blocked}, ${whileBlocked}`, this.#aNode(), (name) => this.#during(name, { blocked, whileBlocked }, 500, 10_000));
    const kinds: readonly (readonly [number, () => Promise<void>])[] = [
      [6, () => this.#onNode('delay', this.#aNode(), (name) => this.#during(name, { delayMs: this.#dice.between(5, 120), jitterMs: this.#dice.between(0, 60) }, 2_000, 12_000))],
      [3, cut('both', 'hold')],
      [3, cut('both', 'drop')],
      [2, cut('to-target', 'hold')],
      [2, cut('from-target', 'drop')],
      [3, () => this.#onNode('throttle', this.#aNode(), (name) => this.#during(name, { bytesPerSecond: this.#dice.between(100_000, 1_000_000) }, 2_000, 10_000))],
      [4, () => this.#on('reset links', () => this.#reset())],
      [2, () => this.#onNode('refuse', this.#aNode(), (name) => this.#during(name, { refuse: true }, 500, 5_000))],
      [2, () => this.#on('ledger out of reach', () => this.#during('ledger', { blocked: 'both', whileBlocked: 'drop' }, 500, 6_000))],
      [1, () => this.#on('gateway out of the bridge\'s reach', () => this.#during('gateway', { blocked: 'both', whileBlocked: 'hold' }, 200, 3_000))],
    ];
    await this.#loop(kinds, isOver);
  }

  async #loop(kinds: readonly (readonly [number, () => Promise<void>])[], isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await sleep(this.#dice.between(pauseMs.from, pauseMs.to));
      if (!isOver()) await this.#dice.weighted(kinds)();
    }
  }

  #aNode(): string | undefined {
    return this.#bad.size >= badNodesMax ? undefined : this.#dice.one(this.#network.nodes.filter((name) => !this.#bad.has(name)));
  }

  async #onNode(what: string, name: string | undefined, act: (name: string) => Promise<void>): Promise<void> {
    if (name === undefined) return;
    this.#bad.add(name);
    await this.#on(what, () => act(name), name);
    this.#bad.delete(name);
  }

  async #on(what: string, act: () => Promise<void>, name?: string): Promise<void> {
    this.#journal.mischief(what);
    this.#journal.note(`${what}${name === undefined ? '' : `: ${name}`}`);
    await act();
  }

  async #killed(name: string, fromMs: number, toMs: number): Promise<void> {
    await this.#network.kill(name);
    await sleep(this.#dice.between(fromMs, toMs));
    this.#network.revive(name);
  }

  async #frozen(name: string): Promise<void> {
    this.#network.freeze(name);
    await sleep(this.#dice.between(500, 8_000));
    this.#network.thaw(name);
  }

  async #postgres(how: 'fast' | 'crash'): Promise<void> {
    await this.#network.postgresDown(how);
    await sleep(this.#dice.between(0, 2_000));
    await this.#network.postgresUp();
  }

  async #redis(): Promise<void> {
    const { redis } = this.#network;
    await redis?.kill();
    await sleep(this.#dice.between(100, 3_000));
    await redis?.up();
  }

  async #during(name: string, weather: Partial<Weather>, fromMs: number, toMs: number): Promise<void> {
    const proxy = this.#network.proxies.get(name)!;
    proxy.set(weather);
    await sleep(this.#dice.between(fromMs, toMs));
    proxy.heal();
  }

  async #reset(): Promise<void> {
    this.#network.proxies.get(this.#dice.one([...this.#network.proxies.keys()])!)!.reset();
    await Promise.resolve();
  }
}
