export { freeMemory } from '@boop/mpc';
