// Has schemathesis, a fuzzer that others wrote, read the gateway's OpenAPI document and ask for everything in it: no fault of the server, and
// every answer of a status, media type and form that the document names. Needs Python with `venv`; where it or the package index is missing,
// this says so and checks nothing.
//   node scripts/peers/schemathesis.mjs                                               a gateway of its own (npm run build first)
//   node scripts/peers/schemathesis.mjs URL 'vendor=Bearer sk_…' 'admin=Bearer ak_…'    a running gateway, with credentials by role
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PACKAGE = 'schemathesis==4.32.5';
const EXAMPLES = process.env.BOOP_EXAMPLES ?? '10';
const checks = ['not_a_server_error', 'status_code_conformance', 'content_type_conformance', 'response_schema_conformance'];

function install(dir) {
  const made = spawnSync('python3', ['-m', 'venv', join(dir, 'venv')], { stdio: ['ignore', 'ignore', 'ignore'] });
  if (made.error || made.status !== 0) return 'there is no Python with venv';
  const { status } = spawnSync(join(dir, 'venv/bin/pip'), ['install', '--quiet', '--disable-pip-version-check', PACKAGE], { stdio: ['ignore', 'ignore', 'inherit'] });
  return status === 0 ? undefined : 'it could not be installed; is the package index reachable?';
}

/** Serves the document of a gateway with the operations of one role, so that each runs with its own credential. */
async function documentFor(url, role) {
  const document = await (await fetch(`${url}/openapi.json`)).json();
  const paths = {};
  for (const [path, item] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(item)) {
      const first = operation['x-roles']?.[0];
      if (first === role) (paths[path] ??= {})[method] = { ...operation, security: [] };
    }
  // Its reader of patterns is Python's, which has no classes of Unicode.
  const text = JSON.stringify({ ...document, servers: [{ url }], paths }, (_, value) => (typeof value?.pattern === 'string' && /\\p\{/i.test(value.pattern) ? { ...value, pattern: undefined } : value));
  return { text, operations: Object.values(paths).flatMap(Object.keys).length };
}

async function run(dir, url, role, authorization) {
  const { text, operations } = await documentFor(url, role);
  if (operations === 0) return undefined;
  const server = createServer((_, response) => response.setHeader('content-type', 'application/json').end(text));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const config = join(dir, 'schemathesis.toml');
  writeFileSync(config, `${authorization === undefined ? '' : `headers = { Authorization = ${JSON.stringify(authorization)} }\n`}request-timeout = 30.0\n`);
  const parts = ['--config-file', config, 'run', `http://127.0.0.1:${server.address().port}/openapi.json`, '--url', url, '--checks', checks.join(','), '--phases', 'examples,coverage,fuzzing', '--max-examples', EXAMPLES, '--seed', '20261121', '--continue-on-failure'];
  try {
    const child = spawn(join(dir, 'venv/bin/st'), parts, { stdio: ['ignore', 'inherit', 'inherit'], cwd: dir });
    const status = await new Promise((resolve) => child.once('exit', resolve));
    return { operations, status };
  } finally {
    server.close();
  }
}

/** A gateway on a database of its own, and a credential for every role that has a key. */
async function ownGateway() {
  const { TestGateway, keys } = await import('../../apps/api-gateway/dist/testing/test-gateway.js');
  const { fakeAccounts } = await import('../../apps/api-gateway/dist/testing/fake-accounts.js');
  const gateway = await TestGateway.start({ config: { requestsPerMinute: 10_000_000 } });
  gateway.ledger.accounts = fakeAccounts();
  const url = `http://127.0.0.1:${gateway.gateway.httpPort}`;
  const credentials = { vendor: keys.shop, terminal: keys.till, admin: keys.admin, auditor: keys.auditor };
  return { url, credentials: Object.fromEntries(Object.entries(credentials).map(([role, key]) => [role, `Bearer ${key}`])), close: () => gateway.stop() };
}

const dir = mkdtempSync(join(tmpdir(), 'boop-peer-'));
let close = async () => undefined;
try {
  const why = install(dir);
  if (why !== undefined) {
    console.log(`SKIPPED ${PACKAGE}: ${why}`);
  } else {
    const [, , url, ...given] = process.argv;
    const target = url ? { url, credentials: Object.fromEntries(given.map((pair) => pair.split(/=(.*)/s).slice(0, 2))), close } : await ownGateway();
    close = target.close;
    let failed = 0;
    for (const role of [undefined, ...Object.keys(target.credentials)]) {
      const result = await run(dir, target.url, role, role && target.credentials[role]);
      if (!result) continue;
      console.log(`${result.status === 0 ? 'ok' : 'FAILED'} ${PACKAGE}: ${result.operations} operations as ${role ?? 'everybody'}`);
      if (result.status !== 0) failed++;
    }
    process.exitCode = failed ? 1 : 0;
  }
} finally {
  await close();
  rmSync(dir, { recursive: true, force: true });
}
