export * from './seeded-rng.ts';
export * from './simulated-network.ts';
