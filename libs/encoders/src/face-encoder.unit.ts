import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { quantiseEmbedding } from '@boop/biometric';
import { type FaceEncoderOptions, openFaceEncoder } from './face-encoder.ts';
import { type OnnxRuntime, type OnnxSession } from './onnx-runtime.ts';
import { flattenModel } from './testing/flatten-model.ts';

const dir = mkdtempSync(join(tmpdir(), 'boop-encoder-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const modelFile = join(dir, 'model.onnx');
const model = flattenModel();
writeFileSync(modelFile, model);
const modelSha256 = createHash('sha256').update(model).digest('hex');

interface Tensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}
const seen: Tensor[] = [];
/** Does what the model says, or what a test wants instead. */
function runtime(change: Partial<OnnxSession> = {}): () => Promise<OnnxRuntime> {
  const session: OnnxSession = {
    inputNames: ['x'],
    outputNames: ['y'],
    run: async ({ x }) => {
      seen.push({ data: (x as Tensor).data.slice(), dims: (x as Tensor).dims });
      return { y: { type: 'float32', data: (x as Tensor).data.slice() } };
    },
    release: async () => undefined,
    ...change,
  };
  class Input implements Tensor {
    readonly data: Float32Array;
    readonly dims: readonly number[];
    constructor(_type: 'float32', data: Float32Array, dims: readonly number[]) {
      this.data = data;
      this.dims = dims;
    }
  }
  return async () => ({ InferenceSession: { create: async () => session }, Tensor: Input });
}
const input = { width: 32, height: 16, channels: 1, layout: 'NCHW', mean: 127.5, scale: 1 / 128 } as const;
const open = (options: Partial<FaceEncoderOptions> = {}) => openFaceEncoder({ modelFile, modelSha256, input, loadRuntime: runtime(), ...options });
const face = Uint8Array.from({ length: 512 }, (_, i) => (i * 37) % 256);

describe('a face encoder', () => {
  test('gives the quantised output of its model, normalised as configured', async () => {
    const { values } = await (await open()).encode(face);
    expect(values).toEqual(quantiseEmbedding(Array.from(face, (level) => Math.fround((level - 127.5) / 128))).values);
    expect(seen.at(-1)!.dims).toEqual([1, 1, 16, 32]);
  });

  test.each([
    ['NCHW', [1, 3, 1, 2], [1, 4, 2, 5, 3, 6]],
    ['NHWC', [1, 1, 2, 3], [1, 2, 3, 4, 5, 6]],
  ] as const)('%s orders channels as the model wants them', async (layout, dims, data) => {
    const rgb = { width: 2, height: 1, channels: 3, layout, mean: 0, scale: 1 } as const;
    const encoder = await open({ input: rgb });
    await expect(encoder.encode(Uint8Array.of(1, 2, 3, 4, 5, 6))).rejects.toMatchObject({ code: 'embedding.wrong-length' });
    expect(seen.at(-1)).toEqual({ dims, data: Float32Array.from(data) });
  });

  test.each([
    ['a file that is not there', { modelFile: join(dir, 'none.onnx') }, 'encoder.model-unreadable'],
    ['another model than configured', { modelSha256: '00'.repeat(32) }, 'encoder.model-changed'],
    ['a model with two inputs', { loadRuntime: runtime({ inputNames: ['a', 'b'] }) }, 'encoder.model-unsupported'],
    ['a model without output', { loadRuntime: runtime({ outputNames: [] }) }, 'encoder.model-unsupported'],
  ])('%s is refused', async (_, options, code) => {
    await expect(open(options)).rejects.toMatchObject({ code });
  });

  test.each([
    ['a face of another size', {}, face.subarray(1), 'capture.wrong-size'],
    ['an output that is no floats', { run: async () => ({ y: { type: 'int64', data: [1] } }) }, face, 'encoder.failed'],
    ['a model that fails', { run: () => Promise.reject(new Error(`bad input ${face.join()}`)) }, face, 'encoder.failed'],
    ['an output of NaN', { run: async () => ({ y: { type: 'float32', data: new Float32Array(512).fill(NaN) } }) }, face, 'embedding.not-finite'],
  ])('%s is a typed error without the data in it', async (_, change, levels, code) => {
    const encoder = await open({ loadRuntime: runtime(change) });
    const error = await encoder.encode(levels).then(
      () => undefined,
      (thrown: Error & { code: string }) => thrown,
    );
    expect(error).toMatchObject({ code });
    expect(JSON.stringify([error!.message, error!.cause])).not.toContain('0,37');
  });

  test('a configured encoder without its runtime says which package is missing', async () => {
    const installed = await import('onnxruntime-node' as string).then(() => true, () => false);
    const opened = openFaceEncoder({ modelFile, modelSha256, input });
    if (installed) expect((await (await opened).encode(face)).values).toEqual((await (await open()).encode(face)).values);
    else await expect(opened).rejects.toMatchObject({ code: 'encoder.runtime-missing' });
  });
});
