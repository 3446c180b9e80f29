export * from './aes-ctr.ts';
export * from './chi-square.ts';
export * from './meddling.ts';
export * from './seeded-rng.ts';
export * from './simulated-network.ts';
