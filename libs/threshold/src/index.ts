export { type CipherSuite } from './suites.ts';
export { ThresholdFault } from './fault.ts';
export { type GroupKey, type GroupKeyParameters, parseGroupKey, serializeGroupKey } from './group-key.ts';
export { KeyShare } from './key-share.ts';
export { type SigningNonces } from './nonces.ts';
export { keyCeremony, type KeyCeremonyInput } from './key-ceremony.ts';
export { type Identities } from './ceremony-messages.ts';
export { aggregate, commit, signShare, verifyShare, verifySignature } from './signing.ts';
export { prfCombine, prfEvaluate, PRF_PARTIAL_BYTES } from './prf.ts';
