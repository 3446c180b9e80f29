export { type Bridge, startBridge } from './bridge.ts';
export { type BridgeConfig, bridgeConfigSchema } from './config.ts';
