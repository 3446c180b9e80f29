export { projectRoot, realPalms } from './captures.ts';
export { type Credentials, type NetworkOptions, type RunningNetwork, startNetwork } from './network-harness.ts';
export { Shop } from './shop.ts';
