import { storageMethods } from '@boop/protocol';
import { type RecordStorage } from '../releases/record-storage.ts';
import { checked, type MethodHandlers } from './method-table.ts';

/** What a node that leads an authentication may ask: records, for the grants of 2t+1 nodes. */
export const storageHandlers = (storage: RecordStorage): MethodHandlers =>
  checked(storageMethods, {
    'record.open': async ({ grants }) => ({ records: await Promise.all(grants.map((all) => storage.open(all, async (record) => record))) }),
  });
