import { type PartyId } from '@boop/shared';
import { type Failure } from './machine-group.ts';
import { type TaskOutput } from './outputs.ts';
import { type ShardTask } from './tasks.ts';

/** To the thread. Buffers of payloads are transferred. */
export type ToShard =
  | { readonly kind: 'start'; readonly id: number; readonly task: ShardTask }
  | { readonly kind: 'deliver'; readonly id: number; readonly machine: number; readonly from: PartyId; readonly payload: Uint8Array }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'forget'; readonly committee: string }
  | { readonly kind: 'close' };

/** From the thread. */
export type FromShard =
  | { readonly kind: 'ready' }
  | { readonly kind: 'send'; readonly id: number; readonly machine: number; readonly to: PartyId; readonly payload: Uint8Array }
  | { readonly kind: 'done'; readonly id: number; readonly output: TaskOutput }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure };
