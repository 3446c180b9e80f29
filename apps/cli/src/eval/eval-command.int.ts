import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GreyImage, syntheticEye, syntheticPalm } from '@boop/biometric';
import { jsonReport } from '@boop/evaluation';
import { isBoopError } from '@boop/shared';
import { palmFolders } from './palm-folders.ts';
import { pngOf } from './png.ts';
import { runEval } from './run-eval.ts';
import { summaryLines } from './summary.ts';
import { syntheticPresentations } from './synthetic-presentations.ts';

jest.setTimeout(120_000);

const folder = mkdtempSync(join(tmpdir(), 'boop-eval-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bmp = (identity: number, capture: number): Uint8Array => bmpOf(syntheticPalm({ identity, position: 'left-palm', capture }));

/** An 8-bit grey BMP, bottom-up; rows of a multiple of four pixels. */
function bmpOf({ width, height, pixels }: GreyImage): Uint8Array {
  const out = Buffer.alloc(1078 + pixels.length);
  out.write('BM');
  out.writeUInt32LE(1078, 10);
  out.writeUInt32LE(40, 14);
  out.writeInt32LE(width, 18);
  out.writeInt32LE(height, 22);
  out.writeUInt16LE(8, 28);
  for (let level = 0; level < 256; level++) out.writeUInt32LE(level * 0x010101, 54 + 4 * level);
  for (let y = 0; y < height; y++) out.set(pixels.subarray(y * width, (y + 1) * width), 1078 + (height - 1 - y) * width);
  return out;
}

function put(path: string, bytes: Uint8Array | string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), bytes);
}
const codeOf = (run: Promise<unknown>): Promise<string> => run.then(() => 'none', (error: unknown) => (isBoopError(error) ? error.code : Promise.reject(error)));

for (let palm = 0; palm < 3; palm++) for (const capture of [0, 1, 2, 3, 6]) put(`palms/p${palm}/${capture < 6 ? 1 : 2}_${capture}.bmp`, bmp(palm, capture));
put('palms/p0/9_broken.bmp', bmp(0, 7).subarray(0, 4000));
put('palms/p1/notes.txt', 'not a capture');

describe('boop eval', () => {
  test('counts all that was presented: measured, failed by name, or left out by name', async () => {
    const set = await palmFolders(join(folder, 'palms'));
    const report = await runEval({ set, samples: 3, baseline: 'compcode', seed: 1, replicates: 20 });
    expect(set).toMatchObject({ source: 'palms', ignored: ['p1/notes.txt'] });
    expect(report.acquisitions).toMatchObject([{ palms: 3, attempts: 16, failures: [{ palm: 'p0', name: '9_broken.bmp', reason: 'capture.unreadable' }] }, { attempts: 16 }]);
    const [ours, plain, fused] = report.evaluations;
    expect(ours).toMatchObject({ eer: { rate: 0 }, genuine: { count: 30 }, impostor: { count: 75 } });
    expect(plain!.genuine.count).toBe(30);
    expect(fused).toMatchObject({ genuine: { count: 6 }, impostor: { count: 12 }, eer: { rate: 0 } });
    expect(JSON.parse(JSON.stringify(jsonReport(report)))).toMatchObject({ source: 'palms' });
    expect(summaryLines(report).join('\n')).toMatch(/not acquired: p0\/9_broken\.bmp \(capture\.unreadable\)[^]*notes\.txt[^]*palm-compcode-1, 3 fused/);
  });

  test('a seed repeats the report', async () => {
    const run = () => runEval({ set: syntheticPresentations(4), samples: 3, seed: 5, replicates: 20 });
    expect(JSON.stringify(jsonReport(await run()))).toBe(JSON.stringify(jsonReport(await run())));
  });

  test.each([
    ['there is none', 'nowhere', 'eval.no-captures'],
    ['it has no captures', 'empty', 'eval.no-captures'],
    ['it has one palm only', 'one', 'evaluation.one-palm'],
  ])('a folder is refused where %s', async (_, name, code) => {
    mkdirSync(join(folder, 'empty/p0'), { recursive: true });
    for (const capture of [0, 1, 2, 3]) put(`one/p0/1_${capture}.bmp`, bmp(0, capture));
    expect(await codeOf(palmFolders(join(folder, name)).then((set) => runEval({ set, samples: 0, seed: 1 })))).toBe(code);
  });

  test('eyes by session folders, whose failures are counted', async () => {
    for (let eye = 0; eye < 3; eye++) for (const capture of [0, 1]) put(`eyes/e${eye}/${capture + 1}/a.bmp`, bmpOf(syntheticEye({ identity: eye, capture }).image));
    put('eyes/e0/2/blank.bmp', bmpOf({ width: 320, height: 280, pixels: new Uint8Array(320 * 280) }));
    const set = await palmFolders(join(folder, 'eyes'));
    const report = await runEval({ set, kind: 'iris', samples: 0, seed: 1, replicates: 20 });
    expect(report.acquisitions).toMatchObject([{ palms: 3, attempts: 7, failures: [{ palm: 'e0', name: '2/blank.bmp', reason: 'template.too-few-valid' }] }]);
    expect(report.evaluations[0]).toMatchObject({ eer: { rate: 0 }, genuine: { count: 3 }, impostor: { count: 12 } });
    expect(await codeOf(runEval({ set, kind: 'iris', samples: 0, seed: 1, baseline: 'compcode' }))).toBe('eval.no-baseline');
  });

  test('a square that is no hand is a failure with its reason', async () => {
    const set = await palmFolders(join(folder, 'palms'));
    const failed = runEval({ set: { ...set, presentations: set.presentations.slice(0, 5) }, kind: 'hand', samples: 0, seed: 1, replicates: 20 });
    expect(await codeOf(failed)).toBe('evaluation.one-palm');
  });

  test('plots become PNG with their text and colours', async () => {
    const svg = (text: string): string => `<svg xmlns="http://www.w3.org/2000/svg" class="bp" viewBox="0 0 40 20" width="40" height="20"><style>.bp{font:12px system-ui,sans-serif;--ink:#1b1f24}
@media(prefers-color-scheme:dark){.bp{--ink:#e6e9ed}}
.bp text{fill:var(--ink)}</style><text x="2" y="15">${text}</text></svg>`;
    const [blank, written] = [await pngOf(svg('')), await pngOf(svg('FMR'))];
    expect([...written.subarray(0, 4)]).toEqual([0x89, 0x50, 0x4e, 0x47]);
    expect(new DataView(written.buffer, written.byteOffset).getUint32(16)).toBe(80);
    expect(written.length).toBeGreaterThan(blank.length + 100);
  });
});
