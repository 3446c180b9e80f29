import { logProofSchema, manifestChainSchema, networkAttestationsSchema, networkEpochsSchema, networkInfoSchema, networkKeysSchema, nodeStatusSchema } from '@boop/protocol';
import { z } from 'zod';
import { type ApiDescription } from '../http/openapi/route.ts';

/** `GET /v1/network/manifests`: of the first link that is wanted. */
export const manifestsQuery = z.strictObject({ from: z.coerce.number().int().min(1).max(1_000_000).default(1) });

export const networkApi: ApiDescription = {
  schemas: { NetworkInfo: networkInfoSchema, NetworkKeys: networkKeysSchema, NetworkEpochs: networkEpochsSchema, NetworkAttestations: networkAttestationsSchema, ManifestChain: manifestChainSchema, NodeStatuses: z.strictObject({ nodes: z.array(nodeStatusSchema) }), ProofResponse: z.strictObject({ proof: logProofSchema }) },
  routes: [
    { method: 'get', path: '/v1/network', summary: 'What a splitter and a verifier must know', roles: [], answers: { 200: 'NetworkInfo' }, codes: ['mpc.nodes-unavailable'] },
    { method: 'get', path: '/v1/network/manifests', summary: 'Manifests that came into force after the first one, as custodians signed them', roles: [], query: manifestsQuery, answers: { 200: 'ManifestChain' }, codes: ['request.malformed'] },
    { method: 'get', path: '/v1/network/keys', summary: 'Public keys of the network and of its nodes', roles: [], answers: { 200: 'NetworkKeys' }, codes: ['mpc.nodes-unavailable'] },
    { method: 'get', path: '/v1/network/epochs', summary: 'Who served in each epoch, the one in force last', roles: [], answers: { 200: 'NetworkEpochs' }, codes: [] },
    { method: 'get', path: '/v1/network/attestations', summary: 'Which node software the custodians admit in each epoch, the one in force last', roles: [], answers: { 200: 'NetworkAttestations' }, codes: [] },
    { method: 'get', path: '/v1/network/nodes', summary: 'Which nodes are up', roles: [], answers: { 200: 'NodeStatuses' }, codes: [] },
    { method: 'get', path: '/v1/ledger/proofs/{entryHash}', summary: 'Inclusion proof of a log entry', roles: [], answers: { 200: 'ProofResponse' }, codes: ['log.pending', 'log.unavailable', 'request.not-found'] },
    { method: 'get', path: '/.well-known/jwks.json', summary: 'Keys that verify ID tokens', roles: [], answers: { 200: undefined }, codes: ['mpc.nodes-unavailable'] },
  ],
};
