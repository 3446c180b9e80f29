export { startLedger, type LedgerOptions, type RunningLedger } from './ledger.ts';
export { configSchema, type LedgerConfig } from './config.ts';
