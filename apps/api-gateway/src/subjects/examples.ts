import { type SignedPalmErasure, type SignedSubjectOrder } from '@boop/protocol';

const [key, nonce, signature] = ['A'.repeat(43), 'B'.repeat(42) + 'A', 'A'.repeat(86)];
const common = { v: 1, networkId: 'test-net', accountKey: key, requestedAt: 1_800_000_000, nonce } as const;

/** Documents of the right form; whoever sends them as they stand is refused for their signatures. */
export const suspension: SignedSubjectOrder = { record: { ...common, kind: 'subject-order', action: 'suspend' }, signed: { method: 'account-key', signature } };
export const resumption: SignedSubjectOrder = {
  record: { ...common, kind: 'subject-order', action: 'resume', reason: 'the device was found' },
  signed: { method: 'custodians', signatures: [{ party: 2, signature }, { party: 5, signature }] },
};
export const erasure: SignedPalmErasure = { record: { ...common, kind: 'palm-erasure' }, signed: { method: 'account-key', signature } };
