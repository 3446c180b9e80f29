import { auditEntriesSchema } from '@boop/protocol';
import { type Core } from '../features/core.ts';
import { type Feature } from '../features/feature.ts';
import { keyed } from '../http/openapi/route.ts';
import { AUDIT_TRAIL } from '../http/tokens.ts';
import { auditChanges } from './audit-hook.ts';
import { auditTrail } from './audit-trail.ts';
import { AuditController, auditQuery } from './audit.controller.ts';

/** The trail of who did what, for administrators and auditors. */
export function auditFeature({ database, clock, log }: Core): Feature {
  const trail = auditTrail(database);
  return {
    name: 'audit',
    controllers: [AuditController],
    providers: [{ provide: AUDIT_TRAIL, useValue: trail }],
    api: {
      schemas: { AuditEntries: auditEntriesSchema },
      routes: [{ method: 'get', path: '/v1/audit', summary: 'Search the trail of changes, newest first', roles: ['admin', 'auditor'], query: auditQuery, answers: { 200: 'AuditEntries' }, codes: [...keyed, 'request.malformed'] }],
    },
    mount: (server) => auditChanges(server, { trail, clock, log }),
  };
}
