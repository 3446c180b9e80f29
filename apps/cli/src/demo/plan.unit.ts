import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { palmsIn } from './capture-folder.ts';
import { planOf } from './plan.ts';
import { syntheticPlan } from './synthetic-captures.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'boop-demo-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function folder(palms: Record<string, readonly string[]>): Promise<string> {
  const root = await mkdtemp(join(directory, 'captures-'));
  for (const [palm, files] of Object.entries(palms)) {
    await mkdir(join(root, palm));
    for (const file of files) await writeFile(join(root, palm, file), file);
  }
  return root;
}

/** Twelve captures in two sessions, as the public multispectral sets name them. */
const twelve = [1, 2].flatMap((session) => [1, 2, 3, 4, 5, 6].map((capture) => `${session}_0${capture}_s.bmp`));
const names = (captures: readonly { name: string }[]): string[] => captures.map(({ name }) => name);

describe('the plan of a demo', () => {
  test('registers six of ten palms from three captures of the first session; all others are probes', async () => {
    const palms = Array.from({ length: 10 }, (_, i) => String(i + 1).padStart(3, '0'));
    const plan = planOf(await palmsIn(await folder(Object.fromEntries([...palms].reverse().map((palm) => [palm, twelve])))));
    expect(plan.enrolments.map(({ palm }) => palm.name)).toEqual(palms.slice(0, 6));
    expect(names(plan.enrolments[0]!.samples)).toEqual(['001/1_01_s.bmp', '001/1_02_s.bmp', '001/1_03_s.bmp']);
    expect(names(plan.enrolments[0]!.again)).toEqual(['001/1_04_s.bmp', '001/1_05_s.bmp', '001/1_06_s.bmp']);
    expect([plan.genuine.length, plan.impostor.length]).toEqual([54, 48]);
    const used = new Set(plan.enrolments.flatMap(({ samples }) => names(samples)));
    expect(plan.genuine.some(({ capture }) => used.has(capture.name))).toBe(false);
    expect(plan.impostor.every(({ capture, expected }) => /^0(07|08|09|10)\//.test(capture.name) && expected === 'reject')).toBe(true);
    expect(new TextDecoder().decode(await plan.genuine[0]!.capture.load())).toBe('1_04_s.bmp');
  });

  test('takes the side from the folder\'s name and leaves out what has too few images', async () => {
    const palms = await palmsIn(await folder({ 'anna-left': twelve, 'anna-right': twelve, 'notes': ['a.txt', 'b.txt', 'c.txt', 'd.txt'], 'few': twelve.slice(0, 3) }));
    expect(palms.map(({ name, position }) => [name, position])).toEqual([['anna-left', 'left-palm'], ['anna-right', 'right-palm']]);
  });

  test('tries again with the same captures where a palm has no more', async () => {
    const [enrolment] = planOf(await palmsIn(await folder({ one: twelve.slice(0, 4) }))).enrolments;
    expect(names(enrolment!.again)).toEqual(names(enrolment!.samples));
  });

  test('says what is wrong with a folder', async () => {
    await expect(palmsIn(join(directory, 'nowhere'))).rejects.toMatchObject({ code: 'demo.no-captures' });
    await expect(palmsIn(await folder({}))).rejects.toMatchObject({ code: 'demo.no-captures' });
  });

  test('synthetic strangers are nobody whom any run registers', async () => {
    const [small, large] = [syntheticPlan(5), syntheticPlan(50)];
    expect([small.enrolments.length, small.genuine.length, small.impostor.length]).toEqual([5, 10, 6]);
    expect([large.genuine.length, large.impostor.length]).toEqual([100, 50]);
    const registered = new Set(large.enrolments.map(({ palm }) => palm.name));
    expect([...small.impostor, ...large.impostor].some(({ capture }) => registered.has(capture.name.split('/')[0]!))).toBe(false);
    const { samples, again } = large.enrolments[7]!;
    expect(new Set([...names(samples), ...names(again), 'synthetic-8/capture-3', 'synthetic-8/capture-6']).size).toBe(8);
    expect((await samples[0]!.load()).length).toBe(54 + 1024 + 128 * 128);
  });
});
