import { expect, test } from '@jest/globals';
import { runSoak } from './soak.ts';

const minutes = Number(process.env['BOOP_SOAK_MINUTES'] ?? 30);
const seed = Number(process.env['BOOP_SOAK_SEED'] ?? Math.floor(Math.random() * 2 ** 24));

test(
  `${minutes} minutes of load, kills, partitions and delays`,
  async () => {
    const write = (line: string): void => void process.stderr.write(`${line}\n`);
    const { violations, authentications, payments, summary } = await runSoak({ seed, minutes, people: 16, refreshAfter: 0.5, write });
    write(`\n${summary}\n`);
    expect(violations).toEqual([]);
    expect(authentications).toBeGreaterThan(5 * minutes);
    expect(payments).toBeGreaterThan(minutes / 4);
  },
  (minutes + 30) * 60_000,
);
