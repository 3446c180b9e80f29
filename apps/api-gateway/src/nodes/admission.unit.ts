import { describe, expect, test } from '@jest/globals';
import { isBoopError } from '@boop/shared';
import { Admission } from './admission.ts';

/** Nodes that serve `parallel` runs in `serviceMs` each and share themselves out among more; a turn is a millisecond. */
class SimulatedNodes {
  nowMs = 0;
  readonly admission = new Admission(() => this.nowMs);
  readonly durations: number[] = [];
  refused = 0;
  #running: { leftMs: number; end: () => void }[] = [];
  readonly #parallel: number;
  serviceMs: number;

  constructor(parallel: number, serviceMs: number) {
    this.#parallel = parallel;
    this.serviceMs = serviceMs;
  }

  async offer(perMs: number, forMs: number): Promise<void> {
    let due = 0;
    for (const untilMs = this.nowMs + forMs; this.nowMs < untilMs; this.nowMs++) {
      for (due += perMs; due >= 1; due--) this.#arrive();
      const pace = Math.min(1, this.#parallel / Math.max(1, this.#running.length));
      for (const run of this.#running) run.leftMs -= pace;
      const done = this.#running.filter(({ leftMs }) => leftMs <= 0);
      this.#running = this.#running.filter(({ leftMs }) => leftMs > 0);
      for (const { end } of done) end();
      for (let i = 0; i < 4; i++) await Promise.resolve();
    }
  }

  #arrive(): void {
    try {
      this.admission.assertRoom();
    } catch (error) {
      if (!isBoopError(error) || error.code !== 'service.overloaded') throw error;
      this.refused++;
      return;
    }
    const startMs = this.nowMs;
    void this.admission.during(async () => await new Promise<void>((resolve) => this.#running.push({ leftMs: this.serviceMs, end: resolve })), () => 'run').then(() => this.durations.push(this.nowMs - startMs));
  }
}

const worst = (durations: number[]): number => durations.toSorted((a, b) => a - b)[Math.floor(0.99 * (durations.length - 1))]!;

describe('admission of runs', () => {
  test('at ten times what the nodes can do, what is accepted keeps its time and the nodes stay busy', async () => {
    const nodes = new SimulatedNodes(2, 50);
    await nodes.offer(0.02, 2_000);
    expect(worst(nodes.durations)).toBeLessThanOrEqual(60);
    nodes.durations.length = 0;
    await nodes.offer(0.4, 20_000);
    expect(worst(nodes.durations)).toBeLessThanOrEqual(4 * 50);
    // Two at a time in 50 ms: forty a second.
    expect(nodes.durations.length).toBeGreaterThan(0.9 * 40 * 20);
    expect(nodes.refused).toBeGreaterThan(0.85 * 0.4 * 20_000);
  });

  test('nodes that can do more are asked for more', async () => {
    const nodes = new SimulatedNodes(16, 50);
    await nodes.offer(0.4, 20_000);
    expect(nodes.admission.limit).toBeGreaterThan(16);
    expect(nodes.durations.length).toBeGreaterThan(0.8 * 320 * 20);
  });

  test('what became slow by itself is not taken for overload for ever', async () => {
    const nodes = new SimulatedNodes(4, 20);
    await nodes.offer(0.1, 5_000);
    nodes.serviceMs = 200;
    await nodes.offer(0.02, 90_000);
    nodes.durations.length = 0;
    nodes.refused = 0;
    await nodes.offer(0.015, 20_000);
    expect(nodes.refused).toBeLessThan(0.1 * nodes.durations.length);
  });

  test('a run that fails gives its place back', async () => {
    const admission = new Admission();
    for (let i = 0; i < 100; i++) await expect(admission.during(() => Promise.reject(new Error('gone')), () => 'run')).rejects.toThrow('gone');
    expect(() => admission.assertRoom()).not.toThrow();
  });

  test.each([
    ['that are refused at once', async (admission: Admission) => void (await admission.during(() => Promise.reject(new Error('malformed')), () => 'run').catch(() => undefined))],
    ['that find nobody', async (admission: Admission) => void (await admission.during(() => Promise.resolve(), () => 'nobody'))],
  ])('runs %s don\'t make the others look late', async (_, quick) => {
    let nowMs = 0;
    const admission = new Admission(() => nowMs);
    for (let i = 0; i < 200; i++) {
      await quick(admission);
      await admission.during(async () => void (nowMs += 100), () => 'token');
    }
    expect(admission.limit).toBeGreaterThanOrEqual(4);
  });
});
