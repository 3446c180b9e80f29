import { type LaneKernel, laneKernel as sharedKernel } from '@boop/kernels';
import { type RoundProtocol } from '@boop/shared';
import { type BackEndName } from './back-ends.ts';
import { type CorrelationBatch, storeBlock } from './correlation-batch.ts';
import { type HolderKeys } from './holder-keys.ts';
import { type BlockParty, offlineBlock, outsideBlock } from './offline-block.ts';

export interface CorrelationInput extends Omit<BlockParty, 'backEnd'> {
  /** `one-hot` unless said otherwise. */
  readonly backEnd?: BackEndName;
  /** 16 bytes, used once under these keys. */
  readonly batchId: Uint8Array;
  /** A positive multiple of 32. */
  readonly lanes: number;
  /** Where lanes are computed; the thread's own kernel unless said otherwise. */
  readonly laneKernel?: LaneKernel;
}

/** {@link offlineBlock} for a pool: correlations in ordinary memory, to be taken range by range. */
export function* correlationBatch(input: CorrelationInput): RoundProtocol<CorrelationBatch> {
  const { laneKernel = sharedKernel(), backEnd = 'one-hot', ...party } = input;
  const arena = laneKernel.createArena();
  try {
    return storeBlock(arena, yield* offlineBlock({ ...party, backEnd }, arena, input));
  } finally {
    laneKernel.giveBack(arena);
  }
}

/**
 * The masks of a batch at a holder outside its committee: shares of the same r, without its bits. Local; the committee makes the
 * batch with the same keys, id and lanes.
 */
export function outsideBatch(input: Omit<CorrelationInput, 'keys'> & { readonly wideKeys: HolderKeys }): CorrelationBatch {
  const { laneKernel = sharedKernel(), backEnd = 'one-hot', ...party } = input;
  const arena = laneKernel.createArena();
  try {
    return storeBlock(arena, outsideBlock({ ...party, backEnd }, arena, input));
  } finally {
    laneKernel.giveBack(arena);
  }
}
