import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type EmbeddingTemplate, quantiseEmbedding } from '@boop/biometric';
import { BoopError } from '@boop/shared';
import { loadOnnxRuntime, type OnnxRuntime, type OnnxSession } from './onnx-runtime.ts';

/** What the model takes: one aligned face as float32, each value (level − mean) · scale. */
export interface ModelInput {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly layout: 'NCHW' | 'NHWC';
  readonly mean: number;
  readonly scale: number;
}

export interface FaceEncoderOptions {
  readonly modelFile: string;
  /** Hexadecimal. Pins the encoder version: templates of two models do not compare. */
  readonly modelSha256: string;
  readonly input: ModelInput;
  /** For tests and other builds of the runtime; onnxruntime-node by default. */
  readonly loadRuntime?: () => Promise<OnnxRuntime>;
}

export interface FaceEncoder {
  /**
   * @param levels 0…255, row-major, channels interleaved: width · height · channels values
   * @throws BoopError `capture.wrong-size`, `embedding.*`, `encoder.failed`
   */
  encode(levels: Uint8Array): Promise<EmbeddingTemplate>;
  close(): Promise<void>;
}

/**
 * Opens a face encoder that the operator brings as an ONNX model with one input and one output of 512 numbers. No model ships with the network.
 * @throws BoopError `encoder.model-unreadable`, `encoder.model-changed` (another digest), `encoder.runtime-missing`, `encoder.model-unsupported`
 */
export async function openFaceEncoder({ modelFile, modelSha256, input, loadRuntime = loadOnnxRuntime }: FaceEncoderOptions): Promise<FaceEncoder> {
  const model = await readFile(modelFile).catch(() => {
    throw new BoopError('encoder.model-unreadable', 'the model file cannot be read', { kind: 'fatal' });
  });
  if (createHash('sha256').update(model).digest('hex') !== modelSha256.toLowerCase()) throw new BoopError('encoder.model-changed', 'the model is not the one whose digest is configured', { kind: 'fatal' });
  const runtime = await loadRuntime();
  const session = await runtime.InferenceSession.create(model).catch((cause: unknown) => {
    throw new BoopError('encoder.model-unsupported', 'the runtime does not load this model', { kind: 'fatal', cause });
  });
  const [inputName, ...otherInputs] = session.inputNames;
  const [outputName, ...otherOutputs] = session.outputNames;
  if (inputName === undefined || outputName === undefined || otherInputs.length > 0 || otherOutputs.length > 0) {
    await session.release();
    throw new BoopError('encoder.model-unsupported', 'an encoder has one input and one output', { kind: 'fatal' });
  }
  return {
    async encode(levels) {
      const { width, height, channels } = input;
      if (levels.length !== width * height * channels) throw new BoopError('capture.wrong-size', 'the face has another size than the model takes');
      const dims = input.layout === 'NCHW' ? [1, channels, height, width] : [1, height, width, channels];
      const values = tensorValues(levels, input);
      try {
        return quantiseEmbedding(await infer(session, inputName, outputName, new runtime.Tensor('float32', values, dims)));
      } finally {
        values.fill(0);
      }
    },
    close: () => session.release(),
  };
}

/** The runtime's own message may quote what it was given. */
async function infer(session: OnnxSession, inputName: string, outputName: string, tensor: unknown): Promise<ArrayLike<number>> {
  try {
    const output = (await session.run({ [inputName]: tensor }))[outputName];
    if (output?.type === 'float32') return output.data;
  } catch {
    // Told below.
  }
  throw new BoopError('encoder.failed', 'the model gave no vector of floats', { kind: 'fatal' });
}

function tensorValues(levels: Uint8Array, { width, height, channels, layout, mean, scale }: ModelInput): Float32Array {
  const pixels = width * height;
  return Float32Array.from(levels, (_, at) => {
    const from = layout === 'NHWC' ? at : (at % pixels) * channels + Math.floor(at / pixels);
    return (levels[from]! - mean) * scale;
  });
}
