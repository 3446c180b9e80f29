export { type CredentialsClient, createCredentialsClient, type HeldCredential, type IssueInput } from './credentials-client.ts';
export { claimNameOf, type HolderSigner, presentCredential, type PresentInput } from './present.ts';
