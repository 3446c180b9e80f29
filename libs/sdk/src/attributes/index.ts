export { type Attestation, type AttributesClient, createAttributesClient } from './attributes-client.ts';
export { type AttributeNetwork, networkKeysOf } from './network-keys.ts';
export { openAttributes } from './vendor-release.ts';
