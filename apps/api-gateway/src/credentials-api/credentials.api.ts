import { changeCredentialStatusSchema, createCredentialSchema, credentialEntrySchema, credentialListSchema, issuedCredentialSchema, type ProblemCode } from '@boop/protocol';
import { type ApiDescription, keyed } from '../http/openapi/route.ts';

const signed: readonly ProblemCode[] = [
  'request.malformed', 'request.rate-limited', 'attributes.unavailable', 'owner.bad-signature', 'passkey.invalid', 'mpc.nodes-unavailable', 'feed.unacknowledged', 'credential.wrong-network', 'credential.unknown', 'credential.revoked',
];

export const credentialsApi: ApiDescription = {
  schemas: { CreateCredential: createCredentialSchema, IssuedCredential: issuedCredentialSchema, ChangeCredentialStatus: changeCredentialStatusSchema, CredentialEntry: credentialEntrySchema, PersonCredentials: credentialListSchema },
  routes: [
    { method: 'post', path: '/v1/credentials', summary: 'Have the nodes sign a credential; the signed request is the credential of the call', roles: [], body: 'CreateCredential', idempotency: 'none', answers: { 201: 'IssuedCredential' }, codes: [...signed, 'credential.malformed', 'credential.stale-request', 'credential.unknown-attribute', 'credential.expired-attribute', 'release.stale-view'] },
    { method: 'get', path: '/v1/credentials', summary: "List one's own credentials", roles: ['person'], answers: { 200: 'PersonCredentials' }, codes: [...keyed, 'request.malformed', 'attributes.unavailable', 'service.overloaded'] },
    { method: 'post', path: '/v1/credentials/{index}/status', summary: 'Suspend, resume or revoke a credential', roles: [], body: 'ChangeCredentialStatus', idempotency: 'none', answers: { 200: 'CredentialEntry' }, codes: [...signed, 'request.not-found', 'credential.stale-change'] },
    { method: 'get', path: '/v1/credentials/status/1', summary: 'Status List Token, signed by the nodes', roles: [], answers: { 200: undefined }, mediaType: 'application/statuslist+jwt', codes: ['request.rate-limited', 'attributes.unavailable', 'mpc.nodes-unavailable'] },
    { method: 'get', path: '/.well-known/jwt-vc-issuer', summary: 'Key that verifies credentials', roles: [], answers: { 200: undefined }, codes: ['request.rate-limited', 'mpc.nodes-unavailable'] },
  ],
};
