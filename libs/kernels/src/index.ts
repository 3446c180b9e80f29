export { type Gallery, type Kernel } from './kernel.ts';
export { twinKernel } from './twin-kernel.ts';
export { loadKernel } from './wasm-kernel.ts';
export { type LaneArena, type LaneKernel, type LaneOps } from './lanes/lane-ops.ts';
export { twinLaneKernel } from './lanes/twin-lanes.ts';
export { loadLaneKernel } from './lanes/wasm-lanes.ts';
