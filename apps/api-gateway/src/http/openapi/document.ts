import { type ProblemCode, problems } from '@boop/protocol';
import { z } from 'zod';
import { type ApiDescription, type Route } from './route.ts';

const problemSchema = z.object({
  type: z.url(),
  title: z.string(),
  status: z.number().int(),
  code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]),
  detail: z.string().optional(),
  requestId: z.string().optional(),
  retryAllowed: z.boolean(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
});

/** OpenAPI 3.1: its schemas are the ones that validate. */
export function openApiDocument(serverUrl: string, apis: readonly ApiDescription[]): object {
  const paths: Record<string, Record<string, unknown>> = {};
  const routes = apis.flatMap((api) => api.routes);
  const schemas: Record<string, z.ZodType> = Object.assign({ Problem: problemSchema }, ...apis.map((api) => api.schemas));
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operationOf(route);
  return {
    openapi: '3.1.0',
    info: { title: 'boop network', version: '1', description: 'Authentication by an MPC network. Errors are RFC 9457 problem documents with a stable code.', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: serverUrl }],
    paths,
    components: {
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'sk_… of a vendor, tk_… of a terminal, ak_… of an administrator, rk_… of an auditor' } },
      schemas: Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })])),
    },
  };
}

const ref = (name: string): object => ({ $ref: `#/components/schemas/${name}` });

function operationOf(route: Route): object {
  const pathParameters = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
  const idempotencyKey = route.method === 'post' ? [{ name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string', maxLength: 128 } }] : [];
  const answers = Object.entries(route.answers).map(([status, schema]) => [status, { description: status === '304' ? 'Not modified' : 'Answer', ...(schema ? { content: { 'application/json': { schema: ref(schema) } } } : {}) }]);
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of route.codes) byStatus.set(problems[code].status, [...(byStatus.get(problems[code].status) ?? []), code]);
  const failures = [...byStatus].map(([status, codes]) => [status, { description: codes.join(', '), content: { 'application/problem+json': { schema: ref('Problem') } } }]);
  return {
    summary: route.summary,
    operationId: `${route.method}${route.path.replaceAll(/[^A-Za-z0-9]+(\w?)/g, (_, next: string) => next.toUpperCase())}`,
    security: route.roles.length ? [{ apiKey: [] }] : [],
    ...(route.roles.length ? { 'x-roles': route.roles } : {}),
    parameters: [...pathParameters, ...idempotencyKey],
    ...(route.body ? { requestBody: { required: true, content: { 'application/json': { schema: ref(route.body) } } } } : {}),
    responses: { ...Object.fromEntries(failures), ...Object.fromEntries(answers) },
  };
}
