import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ApiDocument, type Operation, operationsOf } from '../testing/api-document.ts';
import { type Credentials, credentialsOfAllRoles } from '../testing/credentials.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { roleMatrix } from './role-matrix.ts';
import { roles } from './roles.ts';

const file = fileURLToPath(new URL('../../../../docs/api/roles.md', import.meta.url));

let g: TestGateway;
let operations: Operation[];
let credentials: Credentials;
beforeAll(async () => {
  // Nothing answers at the attributes service's address; who may ask is decided before.
  g = await TestGateway.start({ config: { attributes: { host: '127.0.0.1', port: 9, id: 'main' }, requestsPerMinute: 1_000_000 } });
  operations = operationsOf((await g.call('GET', '/openapi.json')).body as ApiDocument);
  credentials = await credentialsOfAllRoles(g, 'test-net');
}, 120_000);
afterAll(() => g.stop());

const ask = ({ method, path }: Operation, authorization?: string) =>
  g.call(method, path.replaceAll(/\{\w+\}/g, 'nothing'), { ...(method === 'GET' ? {} : { body: {} }), headers: authorization === undefined ? {} : { authorization } });
/** Denied by the role, not by what the request is about. */
const isDenied = ({ status, body }: { status: number; body: { code?: string; detail?: string } }) => status === 403 && body.code === 'request.forbidden' && body.detail === 'this credential may not do that';

describe('each role at each route', () => {
  test('may do what the document says, and nothing else', async () => {
    const wrong: string[] = [];
    for (const operation of operations) {
      const tries = roles.map(async (role) => {
        const path = operation.path.replaceAll(/\{\w+\}/g, 'nothing');
        if (role === 'person' && operation.method !== 'GET' && operation.method !== 'POST') return;
        const answer = await ask(operation, credentials[role](operation.method, path));
        const may = operation.roles.length === 0 || operation.roles.includes(role);
        if (may === isDenied(answer) || (may && answer.status === 401)) wrong.push(`${role} ${operation.method} ${operation.path}: ${answer.status} ${answer.body?.code}`);
      });
      await Promise.all(tries);
    }
    expect(wrong).toEqual([]);
    expect(operations.length).toBeGreaterThan(40);
  }, 300_000);

  test('nobody, and a stranger, get only what is everybody’s', async () => {
    const wrong: string[] = [];
    for (const operation of operations) {
      const tries = [undefined, 'Bearer sk_live_unknown', 'Basic cm9vdDpyb290', 'Boop-Owner none'].map(async (stranger) => {
        const { status } = await ask(operation, stranger);
        if ((status === 401) !== operation.roles.length > 0) wrong.push(`${stranger} ${operation.method} ${operation.path}: ${status}`);
      });
      await Promise.all(tries);
    }
    expect(wrong).toEqual([]);
  }, 300_000);

  test('stands in the documentation', () => {
    const expected = roleMatrix(operations);
    if (process.env['UPDATE_ROLES']) {
      mkdirSync(fileURLToPath(new URL('.', `file://${file}`)), { recursive: true });
      writeFileSync(file, expected);
    }
    expect(readFileSync(file, 'utf8')).toBe(expected);
  });
});
