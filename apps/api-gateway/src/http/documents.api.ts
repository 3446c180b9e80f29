import { z } from 'zod';
import { type ApiDescription } from './openapi/route.ts';

const checks = z.record(z.string(), z.union([z.boolean(), z.number()]));

/** Served beside the framework. */
export const healthApi: ApiDescription = {
  schemas: { Health: z.strictObject({ status: z.literal('ok') }) },
  routes: [{ method: 'get', path: '/healthz', summary: 'The process runs', roles: [], answers: { 200: 'Health' }, codes: [] }],
};

export const documentsApi: ApiDescription = {
  schemas: { Readiness: z.strictObject({ status: z.enum(['ready', 'not-ready']), checks }) },
  routes: [
    { method: 'get', path: '/readyz', summary: 'The process can serve', roles: [], answers: { 200: 'Readiness', 503: 'Readiness' }, codes: [] },
    { method: 'get', path: '/openapi.json', summary: 'This document', roles: [], answers: { 200: undefined }, codes: [] },
    { method: 'get', path: '/docs', summary: 'This document, to be read', roles: [], mediaType: 'text/html', answers: { 200: undefined }, codes: [] },
  ],
};
