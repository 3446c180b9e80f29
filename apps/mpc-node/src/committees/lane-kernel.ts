import { type LaneKernel, loadLaneKernel } from '@boop/kernels';

/** Compiled once per process; each run takes memory of its own. */
export const laneKernel: LaneKernel = await loadLaneKernel();
