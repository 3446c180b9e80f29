export * from './aes-ctr.ts';
export { ChaosProxy, fairWeather, type Weather } from './chaos-proxy.ts';
export * from './chi-square.ts';
export * from './free-port.ts';
export * from './meddling.ts';
export * from './redis-server.ts';
export * from './seeded-rng.ts';
export * from './simulated-network.ts';
