import { type ApiDescription } from './openapi/route.ts';

export const healthApi: ApiDescription = {
  schemas: {},
  routes: [
    { method: 'get', path: '/healthz', summary: 'The process runs', roles: [], answers: { 200: undefined }, codes: [] },
    { method: 'get', path: '/readyz', summary: 'The process can serve', roles: [], answers: { 200: undefined, 503: undefined }, codes: [] },
    { method: 'get', path: '/openapi.json', summary: 'This document', roles: [], answers: { 200: undefined }, codes: [] },
  ],
};
