import { BoopError } from '@boop/shared';

/** The part of the ONNX Runtime's JavaScript API (onnxruntime-common) that is used here. */
export interface OnnxRuntime {
  readonly InferenceSession: { create(model: Uint8Array): Promise<OnnxSession> };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => unknown;
}

export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Record<string, unknown>): Promise<Record<string, { readonly type: string; readonly data: ArrayLike<number> }>>;
  release(): Promise<void>;
}

/** Loaded on demand: whoever configures no model needs no runtime. @throws BoopError `encoder.runtime-missing` */
export async function loadOnnxRuntime(): Promise<OnnxRuntime> {
  const name = 'onnxruntime-node';
  try {
    const loaded = (await import(name)) as OnnxRuntime & { readonly default?: OnnxRuntime };
    return loaded.default ?? loaded;
  } catch (cause) {
    throw new BoopError('encoder.runtime-missing', 'a face encoder is configured, but the package onnxruntime-node is not installed', { kind: 'fatal', cause });
  }
}
