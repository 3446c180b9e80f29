export { type DevCredentials, deviceOf, readDevCredentials } from './network/credentials.ts';
export { type Layout, layoutOf } from './network/layout.ts';
