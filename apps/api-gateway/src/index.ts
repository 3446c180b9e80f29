export { type GatewayConfig, gatewayConfigSchema } from './config.ts';
export { type Gateway, startGateway } from './gateway.ts';
export { type Seed, seedSchema } from './store/seed.ts';
