export { Account, ORIGIN, publicOf, secretOf, signMutation, vrfKey } from '../fixtures/account.ts';
export { MapLog } from '../fixtures/map-log.ts';
export { MemoryLog } from '../fixtures/memory-log.ts';
export { MemoryMap } from '../fixtures/memory-map.ts';
