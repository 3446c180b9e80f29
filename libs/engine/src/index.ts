export { EngineAborted } from './shard-run.ts';
export { type EngineOptions, MatchingEngine, type ScanPlan, type ScanRequest, type StockRequest } from './engine.ts';
export { opensslCtr } from './openssl-ctr.ts';
export { type BlockBits } from './outputs.ts';
export { type CommitteeSpec, type StockRange } from './tasks.ts';
export { type MessageRoute, type Transport } from './transport.ts';
export { freeing } from './freeing-machine.ts';
