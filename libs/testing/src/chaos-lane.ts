import { type Socket } from 'node:net';
import { type Rng } from '@boop/shared';
import { type Weather } from './chaos-proxy.ts';

/** Bytes that wait in a lane before its sender is told to pause. */
const bytesWaitingMax = 4 * 1024 * 1024;

/** `undefined` is the end of the stream. */
interface Piece {
  readonly chunk: Buffer | undefined;
  readonly dueMs: number;
}

/** One direction of one connection. */
export class Lane {
  readonly #with: { from: Socket; to: Socket; weather: () => Weather; isBlocked: () => boolean; rng: Rng; reset: () => void };
  readonly #queue: Piece[] = [];
  #bytes = 0;
  #lastDueMs = 0;
  #bytesLost = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(input: { from: Socket; to: Socket; weather: () => Weather; isBlocked: () => boolean; rng: Rng; reset: () => void }) {
    this.#with = input;
    input.from.on('data', (chunk: Buffer) => this.#take(chunk));
    input.from.once('end', () => this.#take(undefined));
  }

  /** Sent while blocked; an end counts as one. */
  get bytesLost(): number {
    return this.#bytesLost;
  }

  /** Conditions have changed. */
  resume(): void {
    this.#run();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#queue.length = 0;
  }

  #take(chunk: Buffer | undefined): void {
    const { weather, isBlocked, rng, from } = this.#with;
    const { delayMs, jitterMs, bytesPerSecond, whileBlocked } = weather();
    if (isBlocked() && whileBlocked === 'drop') {
      this.#bytesLost += chunk?.length ?? 1;
      return;
    }
    const now = performance.now();
    const jitter = jitterMs > 0 ? (new DataView(rng.bytes(4).buffer).getUint32(0) / 2 ** 32) * jitterMs : 0;
    const sent = Math.max(now, this.#lastDueMs - delayMs) + ((chunk?.length ?? 0) / bytesPerSecond) * 1_000;
    this.#lastDueMs = Math.max(this.#lastDueMs, sent + delayMs + jitter);
    this.#queue.push({ chunk, dueMs: this.#lastDueMs });
    this.#bytes += chunk?.length ?? 0;
    if (this.#bytes > bytesWaitingMax) from.pause();
    this.#run();
  }

  #run(): void {
    const { to, from, isBlocked, reset } = this.#with;
    clearTimeout(this.#timer);
    if (isBlocked()) return;
    if (this.#bytesLost > 0) return reset();
    for (let piece = this.#queue[0]; piece; piece = this.#queue[0]) {
      const waitMs = piece.dueMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#run(), waitMs);
        return;
      }
      this.#queue.shift();
      this.#bytes -= piece.chunk?.length ?? 0;
      if (to.destroyed) continue;
      if (piece.chunk) to.write(piece.chunk);
      else to.end();
    }
    if (from.isPaused() && this.#bytes < bytesWaitingMax / 2) from.resume();
  }
}
