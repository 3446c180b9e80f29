export * from './commitment.ts';
export * from './grant.ts';
export * from './owner-signature.ts';
export * from './passkey.ts';
export * from './permits.ts';
export * from './purpose-text.ts';
export * from './registration-consent.ts';
export * from './revocation.ts';
