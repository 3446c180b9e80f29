import { type nodeMethods } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { type z } from 'zod';
import { outward } from './outward.ts';

type Answer = z.infer<(typeof nodeMethods)['authentication.run']['answer']>;
export type MatchAnswer = z.infer<(typeof nodeMethods)['authentication.match']['answer']>;
export type SignAnswer = z.infer<(typeof nodeMethods)['authentication.sign']['answer']>;
type Held = Extract<MatchAnswer, { held: unknown }>['held'];

/** Called before the nodes sign; resolves when they shall. */
export type Hold = (held: Held) => Promise<void>;

interface Waiting {
  readonly whole: Promise<Answer>;
  readonly go: () => void;
  readonly drop: (error: Error) => void;
}

/** Within the life of a session (10 s) and long enough for a reservation. */
const holdMs = 5_000;
const heldMax = 256;

/** Sessions that matched and wait for the gateway's word before anything is signed. Each ends once: signed, dropped, or too late. */
export class HeldSessions {
  readonly #waiting = new Map<string, Waiting>();
  readonly #holdMs: number;

  /** @param patience how many times as long as usual a session is held */
  constructor(patience = 1) {
    this.#holdMs = patience * holdMs;
  }

  has(session: string): boolean {
    return this.#waiting.has(session);
  }

  /** Answers as soon as `lead` holds, or with its answer when it never does. @throws what `lead` throws before it holds */
  async open(session: string, lead: (hold: Hold) => Promise<Answer>): Promise<MatchAnswer> {
    if (this.#waiting.has(session)) throw outward(new BoopError('session.held', 'the session is held already', { kind: 'peer' }));
    if (this.#waiting.size >= heldMax) throw new BoopError('mpc.nodes-unavailable', 'too many sessions are held', { kind: 'unavailable' });
    let announce: (held: Held) => void = () => undefined;
    const held = new Promise<Held>((resolve) => (announce = resolve));
    let go: () => void = () => undefined;
    let drop: (error: Error) => void = () => undefined;
    const decided = new Promise<void>((resolve, reject) => [go, drop] = [resolve, reject]);
    decided.catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const whole = lead(async (subject) => {
      timer = setTimeout(() => drop(new BoopError('session.timeout', 'nobody said whether to sign', { kind: 'unavailable' })), this.#holdMs);
      this.#waiting.set(session, { whole, go, drop });
      announce(subject);
      await decided;
    }).finally(() => {
      clearTimeout(timer);
      if (this.#waiting.get(session)?.whole === whole) this.#waiting.delete(session);
    });
    whole.catch(() => undefined);
    return await Promise.race([whole, held.then((subject) => ({ held: subject }))]);
  }

  /** @throws BoopError `mpc.aborted` when nothing is held, or what the signing throws */
  async conclude(session: string, sign: boolean): Promise<SignAnswer> {
    const waiting = this.#waiting.get(session);
    if (!waiting) throw new BoopError('mpc.aborted', 'no such session is held', { kind: 'peer', retryAllowed: true });
    this.#waiting.delete(session);
    if (sign) {
      waiting.go();
      return await waiting.whole;
    }
    waiting.drop(new BoopError('session.dropped', 'the gateway wants no token'));
    await waiting.whole.catch(() => undefined);
    return { dropped: true };
  }
}
