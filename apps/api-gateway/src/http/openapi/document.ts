import { type ProblemCode, problems } from '@boop/protocol';
import { z } from 'zod';
import { type Role, roles } from '../../access/roles.ts';
import { interfaceVersions } from '../interface-version.ts';
import { type ApiDescription, type Route } from './route.ts';

const problemSchema = z.strictObject({
  type: z.url(),
  title: z.string(),
  status: z.number().int(),
  code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]),
  detail: z.string().optional(),
  requestId: z.string().optional(),
  retryAllowed: z.boolean(),
  /** JSON pointers of the fields that were refused, with reasons. */
  errors: z.array(z.strictObject({ pointer: z.string(), detail: z.string() })).optional(),
});

/** What any operation may answer. */
const everywhere: readonly ProblemCode[] = ['request.malformed', 'request.unknown-version', 'request.rate-limited', 'service.overloaded', 'service.unavailable'];
const withBody: readonly ProblemCode[] = ['request.too-large', 'request.unsupported-media-type'];

const keysOf: Readonly<Record<Role, string>> = {
  vendor: 'sk_… of a vendor, or its OAuth2 access token',
  terminal: 'tk_… of a terminal',
  person: 'a request signed with an account key',
  attester: 'tt_… of an attester',
  admin: 'ak_… of an administrator',
  adjudicator: 'jk_… of an adjudicator',
  auditor: 'rk_… of an auditor',
  custodian: 'ck_… of a custodian',
};

/** OpenAPI 3.1: its schemas are the ones that validate. */
export function openApiDocument(serverUrl: string, apis: readonly ApiDescription[]): object {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of apis.flatMap((api) => api.routes)) (paths[route.path] ??= {})[route.method] = operationOf(route);
  const schemas: Record<string, z.ZodType> = Object.assign({ Problem: problemSchema }, ...apis.map((api) => api.schemas));
  return {
    openapi: '3.1.0',
    info: {
      title: 'boop network',
      version: interfaceVersions.at(-1),
      description: 'Authentication by an MPC network. Errors are RFC 9457 problem documents with a stable code.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: serverUrl }],
    paths,
    components: {
      securitySchemes: Object.fromEntries(roles.map((role) => [role, { type: 'http', scheme: 'bearer', description: keysOf[role] }])),
      headers: {
        RateLimit: { description: 'What is left of the quota that is closest to its end', schema: { type: 'string' }, example: '"requests";r=5999;t=60' },
        'RateLimit-Policy': { description: 'That quota', schema: { type: 'string' }, example: '"requests";q=6000;w=60' },
        'Retry-After': { description: 'Seconds', schema: { type: 'integer' } },
        'X-Request-Id': { description: 'The id of the request, as sent or else a new one', schema: { type: 'string' } },
        'Boop-Version': { description: 'Version of the interface that the answer follows', schema: { type: 'string' } },
      },
      schemas: Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })])),
    },
  };
}

const ref = (kind: string, name: string): object => ({ $ref: `#/components/${kind}/${name}` });
const answerHeaders = { 'X-Request-Id': ref('headers', 'X-Request-Id'), 'Boop-Version': ref('headers', 'Boop-Version') };

function operationOf(route: Route): object {
  return {
    summary: route.summary,
    operationId: `${route.method}${route.path.replaceAll(/[^A-Za-z0-9]+(\w?)/g, (_, next: string) => next.toUpperCase())}`,
    tags: [tagOf(route.path)],
    // One of the roles is enough.
    security: route.roles.map((role) => ({ [role]: [] })),
    ...(route.roles.length ? { 'x-roles': route.roles } : {}),
    parameters: [...pathParameters(route), ...queryParameters(route), ...headerParameters(route)],
    ...(route.body ? { requestBody: { required: true, content: { 'application/json': { schema: ref('schemas', route.body), ...examplesOf(route) } } } } : {}),
    responses: { ...failuresOf(route), ...answersOf(route) },
  };
}

const tagOf = (path: string): string => /^\/v1\/([a-z-]+)/.exec(path)?.[1] ?? 'service';

const pathParameters = ({ path }: Route): object[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string', minLength: 1, maxLength: 200 } }));

function queryParameters({ query }: Route): object[] {
  if (!query) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: required.includes(name), schema }));
}

function headerParameters({ method, idempotency = 'honoured' }: Route): object[] {
  if (method !== 'post' || idempotency === 'none') return [];
  return [{ name: 'Idempotency-Key', in: 'header', required: idempotency === 'required', schema: { type: 'string', minLength: 1, maxLength: 128, pattern: '^[!-~]+$' } }];
}

const examplesOf = ({ examples }: Route): object => (examples ? { examples: Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }])) } : {});

function answersOf({ answers, mediaType = 'application/json' }: Route): Record<string, object> {
  return Object.fromEntries(
    Object.entries(answers).map(([status, schema]) => {
      const isEmpty = status === '204' || status === '304';
      const content = isEmpty ? {} : { content: { [mediaType]: schema ? { schema: ref('schemas', schema) } : {} } };
      return [status, { description: status === '304' ? 'Not modified' : status === '204' ? 'Done' : 'Answer', headers: answerHeaders, ...content }];
    }),
  );
}

function failuresOf({ codes, body }: Route): Record<string, object> {
  const byStatus = new Map<number, Set<ProblemCode>>();
  for (const code of [...codes, ...everywhere, ...(body ? withBody : [])]) byStatus.set(problems[code].status, (byStatus.get(problems[code].status) ?? new Set()).add(code));
  return Object.fromEntries(
    [...byStatus].map(([status, set]) => {
      const named = [...set];
      const waits = status === 429 || status === 503 ? { 'Retry-After': ref('headers', 'Retry-After') } : {};
      const limits = status === 429 ? { RateLimit: ref('headers', 'RateLimit'), 'RateLimit-Policy': ref('headers', 'RateLimit-Policy') } : {};
      const schema = { allOf: [ref('schemas', 'Problem'), { type: 'object', properties: { code: { enum: named } } }] };
      return [String(status), { description: named.join(', '), headers: { ...answerHeaders, ...waits, ...limits }, content: { 'application/problem+json': { schema } } }];
    }),
  );
}
