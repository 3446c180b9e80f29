import { setTimeout as sleep } from 'node:timers/promises';
import { type AuthenticationHandle, createTerminalClient, presentByRest } from '@boop/sdk';
import { isBoopError } from '@boop/shared';
import { type Palm } from '../palms.ts';
import { type Shop } from '../shop.ts';

/** How often one presents within one context. */
const presentationsMax = 4;
const pauseMs = 150;
/** What the gateway answers before anything begins when it has as much to do as it takes: one waits, and presents the same. */
const busy: ReadonlySet<string> = new Set(['service.overloaded', 'request.rate-limited']);
const busyPauseMs = 700;
const busyMax = 30;

export interface Registered extends Palm {
  /** The vendor's name for this person, once it was told. */
  sub?: string;
}

/** What happened while the network was in one state, or on the way to another. */
export interface Tally {
  readonly phase: string;
  readonly seconds: number;
  readonly authentications: number;
  readonly accepted: number;
  readonly unverified: number;
  /** Presentations after the first one in a context. */
  readonly retries: number;
  /** Requests that were told to come again since the network was busy. */
  readonly waits: number;
  /** What made them necessary. */
  readonly causes: Readonly<Record<string, number>>;
}

/**
 * People who authenticate all the time, at a terminal that stays connected and at ones that present by REST: somebody who is registered, then a stranger, and
 * so on. Each visit has one context, within which it must come to the right decision.
 */
export class SteadyLoad {
  readonly #shop: Shop;
  readonly #strangers: readonly Palm[];
  readonly #registered: Registered[] = [];
  readonly #tallies: Tally[] = [];
  /** Wrong decisions, and visits that ended otherwise than with a decision. */
  readonly wrong: string[] = [];
  #counts = fresh('before', 0);
  #visits = 0;
  #stopping = false;
  #workers: Promise<void>[] = [];

  constructor(shop: Shop, registered: readonly Palm[], strangers: readonly Palm[]) {
    this.#shop = shop;
    this.#registered = registered.map((palm) => ({ ...palm }));
    this.#strangers = strangers;
  }

  get decided(): number {
    return this.#visits;
  }

  get tallies(): readonly Tally[] {
    return this.#tallies;
  }

  /** Somebody else is registered now. */
  joined(palm: Palm): void {
    this.#registered.push({ ...palm });
  }

  start(): void {
    const terminal = this.#connected();
    this.#workers = [this.#work(0, terminal.present, terminal.close), ...[1, 2].map((id) => this.#work(id, (handle, capture) => this.#byRest(handle, capture), () => undefined))];
  }

  /** Ends one line of the table and begins the next. */
  phase(name: string): void {
    this.#close();
    this.#counts = fresh(name, performance.now());
  }

  /** Until so many more visits are decided. */
  async during(visits: number): Promise<void> {
    for (const target = this.#visits + visits; this.#visits < target && this.wrong.length === 0; ) await sleep(50);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#workers);
    this.#close();
  }

  #close(): void {
    const { startedMs, ...counts } = this.#counts;
    if (counts.phase !== 'before') this.#tallies.push({ ...counts, seconds: Math.round((performance.now() - startedMs) / 1000) });
  }

  async #work(id: number, present: (handle: AuthenticationHandle, capture: Uint8Array) => Promise<void>, end: () => void): Promise<void> {
    for (let visit = 0; !this.#stopping; visit++, await sleep(pauseMs)) {
      const known = visit % 3 < 2;
      const who: Registered = known ? this.#registered[(visit + id) % this.#registered.length]! : this.#strangers[(visit + id) % this.#strangers.length]!;
      const name = `visit ${visit} of worker ${id}, ${known ? 'registered' : 'a stranger'}, ${this.#counts.phase}`;
      try {
        await this.#visit(who, known, id, (handle) => present(handle, who.others[visit % who.others.length]!));
      } catch (error) {
        this.wrong.push(`${name}: ${isBoopError(error) ? error.code : ''} ${String(error)}`);
      }
    }
    end();
  }

  async #visit(who: Registered, known: boolean, id: number, present: (handle: AuthenticationHandle) => Promise<void>): Promise<void> {
    const { terminalId } = this.#shop;
    const handle = await this.#shop.open({ policy: { acceptUnverified: true }, ...(id === 0 && { terminalId }) });
    await present(handle);
    const result = await handle.waitForResult();
    const counts = this.#counts;
    counts.authentications += 1;
    this.#visits += 1;
    if (result.outcome !== (known ? 'accepted' : 'rejected')) throw new Error(`${result.outcome}${'reason' in result ? ` ${result.reason}` : ''}`);
    if (result.outcome !== 'accepted') return;
    counts.accepted += 1;
    if (!result.verified) counts.unverified += 1;
    who.sub ??= String(result.claims.sub);
    if (who.sub !== result.claims.sub) throw new Error('another name than before');
  }

  async #byRest({ authentication }: AuthenticationHandle, capture: Uint8Array): Promise<void> {
    const { gatewayUrl, terminalKey, device, pin } = this.#shop;
    await this.#again(() => presentByRest({ gatewayUrl, terminalKey, device, authentication, capture, pin }));
  }

  /** By one terminal client for the whole time. What it seals anew by itself counts as a retry too. */
  #connected(): { present: (handle: AuthenticationHandle, capture: Uint8Array) => Promise<void>; close: () => void } {
    const { bridgeUrl, terminalKey, device, pin } = this.#shop;
    const terminal = createTerminalClient({ bridgeUrl, terminalKey, device, pin });
    return {
      present: async ({ id }, capture) => {
        await terminal.connect();
        const context = await new Promise<Parameters<typeof terminal.present>[0]>((resolve) => {
          const unsubscribe = terminal.onRequest((offered) => {
            if (offered.contextId !== id) return;
            queueMicrotask(() => unsubscribe());
            resolve(offered);
          });
        });
        const before = terminal.retries;
        await this.#again(() => terminal.present(context, capture));
        for (let retry = before; retry < terminal.retries; retry++) this.#retried('share.wrong-epoch');
      },
      close: () => terminal.close(),
    };
  }

  async #again(present: () => Promise<unknown>): Promise<void> {
    for (let presentation = 1, waits = 0; ; presentation++) {
      try {
        await present();
        return;
      } catch (error) {
        if (isBoopError(error) && busy.has(error.code) && waits++ < busyMax) {
          presentation -= 1;
          this.#counts.waits += 1;
          await sleep(busyPauseMs);
          continue;
        }
        if (presentation === presentationsMax || !isBoopError(error) || !error.retryAllowed) throw error;
        this.#retried(error.code);
        await sleep(pauseMs);
      }
    }
  }

  #retried(code: string): void {
    this.#counts.retries += 1;
    this.#counts.causes[code] = (this.#counts.causes[code] ?? 0) + 1;
  }
}

const fresh = (phase: string, startedMs: number) => ({ phase, startedMs, authentications: 0, accepted: 0, unverified: 0, retries: 0, waits: 0, causes: {} as Record<string, number> });
