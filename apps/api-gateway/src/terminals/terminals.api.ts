import { createPairingSchema, newPairingSchema, pairingSchema, pairTerminalSchema, terminalSchema, terminalsSchema } from '@boop/protocol';
import { type ApiDescription, idempotent, keyed } from '../http/openapi/route.ts';
import { pageQuery } from '../http/page.ts';

export const terminalsApi: ApiDescription = {
  schemas: { Terminal: terminalSchema, Terminals: terminalsSchema, PairTerminal: pairTerminalSchema, CreatePairing: createPairingSchema, NewPairing: newPairingSchema, Pairing: pairingSchema },
  routes: [
    { method: 'post', path: '/v1/pairings', summary: 'A terminal asks to be paired and gets a code to show', roles: [], body: 'CreatePairing', idempotency: 'none', answers: { 201: 'NewPairing' }, codes: ['request.malformed', 'request.rate-limited', 'pairing.bad-signature'] },
    { method: 'get', path: '/v1/pairings/{id}', summary: 'A terminal asks whether it was paired', roles: [], answers: { 200: 'Pairing' }, codes: ['request.not-found', 'request.rate-limited'] },
    {
      method: 'post', path: '/v1/terminals', summary: 'Pair the terminal that shows a code', roles: ['vendor'], body: 'PairTerminal', answers: { 201: 'Terminal' },
      codes: [...keyed, ...idempotent, 'request.malformed', 'request.conflict', 'pairing.unknown-code', 'vendor.suspended'],
      examples: { till: { code: 'K7QX-2M9D', id: 'till-1', name: 'Till by the door' } },
    },
    { method: 'get', path: '/v1/terminals', summary: 'List terminals', roles: ['vendor', 'admin', 'auditor'], query: pageQuery, answers: { 200: 'Terminals' }, codes: [...keyed, 'request.malformed'] },
    { method: 'get', path: '/v1/terminals/{id}', summary: 'Read a terminal', roles: ['vendor', 'terminal', 'admin', 'auditor'], answers: { 200: 'Terminal', 304: undefined }, codes: [...keyed, 'request.not-found'] },
    { method: 'post', path: '/v1/terminals/{id}/suspend', summary: 'Suspend a terminal', roles: ['vendor', 'admin'], idempotency: 'none', answers: { 200: 'Terminal' }, codes: [...keyed, 'request.not-found', 'request.conflict'] },
    { method: 'post', path: '/v1/terminals/{id}/resume', summary: 'End a suspension', roles: ['vendor', 'admin'], idempotency: 'none', answers: { 200: 'Terminal' }, codes: [...keyed, 'request.not-found', 'request.conflict'] },
    { method: 'delete', path: '/v1/terminals/{id}', summary: 'Unpair a terminal for good', roles: ['vendor', 'admin'], answers: { 204: undefined }, codes: [...keyed, 'request.not-found'] },
  ],
};
