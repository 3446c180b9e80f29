import { createExportSchema, type ExportResult } from '@boop/protocol';
import { type Database } from '../store/database.ts';
import { type JobHandler } from './job-runner.ts';

export const exportKind = 'authentications.export';
const rowsMax = 10_000;

/** A vendor's contexts of a period: what they were and how they ended; no token, no subject. */
export const authenticationExport = (database: Database): JobHandler => async ({ vendorId, input }): Promise<ExportResult> => {
  const { from, to } = createExportSchema.parse(input);
  const rows = await database.authenticationRow.findMany({ where: { vendorId, createdAt: { gte: new Date(from), lt: new Date(to) } }, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }], take: rowsMax + 1, select: { id: true, status: true, context: true, outcome: true, createdAt: true } });
  return {
    authentications: rows.slice(0, rowsMax).map(({ id, status, context, outcome, createdAt }) => {
      const { reason } = (outcome ?? {}) as { reason?: ExportResult['authentications'][number]['reason'] };
      return { id, type: (context as { type: ExportResult['authentications'][number]['type'] }).type, status: status as ExportResult['authentications'][number]['status'], ...(reason === undefined ? {} : { reason }), createdAt: createdAt.toISOString() };
    }),
    isComplete: rows.length <= rowsMax,
  };
};
