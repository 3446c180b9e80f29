export { type DecodeLimits, DECODE_LIMITS, decodeCapture } from './image/decode-capture.ts';
export { type FaceEncoder, type FaceEncoderOptions, type ModelInput, openFaceEncoder } from './face-encoder.ts';
export { type OnnxRuntime, type OnnxSession } from './onnx-runtime.ts';
