import { createExportSchema, jobSchema, jobsSchema } from '@boop/protocol';
import { type ApiDescription, idempotent, keyed } from '../http/openapi/route.ts';
import { pageQuery } from '../http/page.ts';

export const jobsApi: ApiDescription = {
  schemas: { Job: jobSchema, Jobs: jobsSchema, CreateExport: createExportSchema },
  routes: [
    { method: 'post', path: '/v1/authentications/exports', summary: 'Export the contexts of a period, as a job', roles: ['vendor'], body: 'CreateExport', answers: { 202: 'Job' }, codes: [...keyed, ...idempotent, 'request.malformed'], examples: { january: { from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' } } },
    { method: 'get', path: '/v1/jobs', summary: 'List jobs of the last day, newest first, without their results', roles: ['vendor'], query: pageQuery, answers: { 200: 'Jobs' }, codes: [...keyed, 'request.malformed'] },
    { method: 'get', path: '/v1/jobs/{id}', summary: 'Read a job; Retry-After says when to look again', roles: ['vendor'], answers: { 200: 'Job', 304: undefined }, codes: [...keyed, 'request.not-found'] },
  ],
};
