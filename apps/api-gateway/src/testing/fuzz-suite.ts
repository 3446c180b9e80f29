import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type ApiDocument, type Operation, operationsOf } from './api-document.ts';
import { type Credentials, credentialsOfAllRoles } from './credentials.ts';
import { fakeAccounts } from './fake-accounts.ts';
import { type Answer, responseValidator } from './response-validator.ts';
import { arbitraryOf, type JsonSchema, spoilt } from './schema-arbitrary.ts';
import { TestGateway } from './test-gateway.ts';

const seed = 20261121;
/** What does not run here, and says so as documented: the attributes service, and nodes with a key for credentials. */
const absent = /"code":"attributes\.unavailable"|no key for credentials yet/;

interface Shot {
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly stranger: boolean;
}

const resourceOf = ({ path }: Operation): string => path.split('/').slice(0, 3).join('/');

/** What could take the credentials away by which everything else is asked comes last. */
const inOrder = (operations: readonly Operation[]): Operation[] => {
  const ends = ({ method, path }: Operation): number => (method === 'DELETE' || /\/(?:suspend|rotation)$/.test(path) ? 1 : 0);
  return [...operations].sort((a, b) => ends(a) - ends(b));
};

/** Asks a gateway, `runs` times per operation, for what its document says and for what it doesn't; reads nothing but the document. */
export function fuzzSuite({ runs }: { runs: number }): void {
  let g: TestGateway;
  let document: ApiDocument;
  let credentials: Credentials;
  /** Ids that answers told, for later requests; and the same by resource. */
  const ids = new Set<string>(['nothing']);
  const idsOf = new Map<string, string[]>();
  const exercised = new Map<string, Set<number>>();

  beforeAll(async () => {
    g = await TestGateway.start({ config: { attributes: { host: '127.0.0.1', port: 9, id: 'main' }, requestsPerMinute: 10_000_000 } });
    g.ledger.accounts = fakeAccounts();
    document = (await g.call('GET', '/openapi.json')).body as ApiDocument;
    credentials = await credentialsOfAllRoles(g, 'test-net');
  }, 240_000);
  afterAll(() => g?.stop());

  const fire = async (operation: Operation, shot: Shot): Promise<Answer> => {
    const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(shot.path[name]!));
    const query = new URLSearchParams(Object.entries(shot.query).filter(([, value]) => value !== undefined).map(([name, value]) => [name, String(value)])).toString();
    const [role] = operation.roles;
    const authorization = role === undefined || shot.stranger ? {} : { authorization: credentials[role as keyof Credentials](operation.method, path) };
    const hasBody = operation.method !== 'GET' && shot.body !== undefined;
    const response = await fetch(`http://127.0.0.1:${g.gateway.httpPort}${path}${query && `?${query}`}`, {
      method: operation.method,
      headers: { ...authorization, ...(hasBody ? { 'content-type': 'application/json' } : {}), ...shot.headers },
      body: hasBody ? (typeof shot.body === 'string' ? shot.body : JSON.stringify(shot.body)) : null,
    } as RequestInit);
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  const shotsOf = (operation: Operation): fc.Arbitrary<Shot> => {
    const { schemas } = document.components as { schemas: Record<string, JsonSchema> };
    const at = (place: string) => operation.parameters.filter((parameter) => parameter.in === place);
    const id = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...ids) }, { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 60, unit: 'binary-ascii' }).filter((text) => text !== '.' && text !== '..') });
    const valid = operation.body ? fc.oneof(arbitraryOf(operation.body.schema as JsonSchema, schemas), ...(operation.body.examples.length ? [fc.constantFrom(...operation.body.examples)] : [])) : fc.constantFrom(undefined, {});
    return fc.record({
      path: fc.record(Object.fromEntries(at('path').map(({ name }) => [name, id]))),
      query: fc.oneof(
        { weight: 4, arbitrary: fc.record(Object.fromEntries(at('query').map(({ name, schema }) => [name, arbitraryOf(schema as JsonSchema, schemas)])), { requiredKeys: at('query').filter(({ required }) => required).map(({ name }) => name) }) },
        { weight: 1, arbitrary: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ maxLength: 20 }), { maxKeys: 2 }) },
      ),
      headers: fc.oneof(
        { weight: 6, arbitrary: at('header').length ? fc.record({ 'idempotency-key': fc.stringMatching(/^[!-~]{1,40}$/) }) : fc.constant({}) },
        { weight: 1, arbitrary: fc.constantFrom({ 'boop-version': '1999-01-01' }, { 'content-type': 'text/plain' }, { 'x-request-id': 'x'.repeat(200) }, { 'if-match': '"none"' }, { 'if-none-match': '*' }, { 'idempotency-key': 'k'.repeat(200) }) },
      ),
      body: fc.oneof({ weight: 4, arbitrary: valid }, { weight: 2, arbitrary: valid.chain(spoilt) }, { weight: 1, arbitrary: fc.constantFrom('{"type":', 'null', '[]', '"text"', '{"__proto__":{"a":1}}', '[[[[[[[[]]]]]]]]', '\u0000') }),
      stranger: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
    }) as fc.Arbitrary<Shot>;
  };

  /** What a client that has read the document would send first, once for each example and each id that it has seen of the resource. */
  const straightShots = (operation: Operation): [Shot][] => {
    const bodies = operation.body?.examples.length ? operation.body.examples : [{}];
    const known = operation.path.includes('{') ? (idsOf.get(resourceOf(operation)) ?? []).slice(-3) : ['nothing'];
    return known.flatMap((id) => bodies.map((body): [Shot] => [{ path: Object.fromEntries(operation.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => [name, id])), query: {}, headers: {}, body, stranger: false }]));
  };

  test('every answer is one that the document knows, and none is a fault of the gateway', async () => {
    const differs = responseValidator(document);
    const wrong: string[] = [];
    for (const [at, operation] of inOrder(operationsOf(document)).entries()) {
      const name = `${operation.method} ${operation.path}`;
      const statuses = new Set<number>();
      exercised.set(name, statuses);
      await fc.assert(
        fc.asyncProperty(shotsOf(operation), async (shot) => {
          const answer = await fire(operation, shot);
          statuses.add(absent.test(answer.text) ? 0 : answer.status);
          for (const [, found] of answer.text.matchAll(/"(?:id|cursor|next)":"([^"]{1,80})"/g)) {
            if (ids.size < 500) ids.add(found!);
            idsOf.set(resourceOf(operation), [...(idsOf.get(resourceOf(operation)) ?? []).slice(-50), found!]);
          }
          const faults = answer.status >= 500 && !absent.test(answer.text) ? [`a fault: ${answer.text.slice(0, 200)}`] : [];
          wrong.push(...[...faults, ...differs(operation, answer)].map((what) => `${name} with ${JSON.stringify(shot).slice(0, 300)}: ${what}`));
        }),
        { numRuns: runs + straightShots(operation).length, seed: seed + at, examples: straightShots(operation) },
      );
    }
    expect(wrong.slice(0, 20)).toEqual([]);
  }, Math.max(600_000, runs * 15_000));

  test('every operation was exercised, and most of them with success', () => {
    expect([...exercised].filter(([, statuses]) => statuses.size === 0)).toEqual([]);
    const here = [...exercised].filter(([, statuses]) => !statuses.has(0));
    const succeeded = here.filter(([, statuses]) => [...statuses].some((status) => status < 400));
    expect(succeeded.length / here.length).toBeGreaterThan(0.45);
  });
}
