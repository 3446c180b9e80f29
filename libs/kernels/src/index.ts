export { type GalleryHandle, type GalleryOptions, type GalleryReader, type PreparedProbe, PROBES_MAX, type ProductPlace, type RowLayout, type SharedGallery } from './gallery.ts';
export { coordinatesOf, type GridGeometry, type GridSegment, type RowGeometry, type Shift, shiftSources, type VectorGeometry } from './geometry.ts';
export { type Gallery, type Kernel } from './kernel.ts';
export { irisGeometry, palmGeometry } from './modalities.ts';
export { twinKernel } from './twin-kernel.ts';
export { loadKernel } from './wasm-kernel.ts';
export { type LaneArena, type LaneKernel, type LaneOps } from './lanes/lane-ops.ts';
export { twinLaneKernel } from './lanes/twin-lanes.ts';
export { laneKernel, loadLaneKernel } from './lanes/wasm-lanes.ts';
