export { type Gallery, type Kernel } from './kernel.ts';
export { twinKernel } from './twin-kernel.ts';
export { loadKernel } from './wasm-kernel.ts';
