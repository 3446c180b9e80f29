import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const library = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const run = promisify(execFile);
let work: string;
beforeAll(async () => {
  // Inside of the package, so that bare imports resolve as an application's would.
  await mkdir(join(library, 'dist'), { recursive: true });
  work = await mkdtemp(join(library, 'dist', 'bundle-'));
});
afterAll(() => rm(work, { recursive: true, force: true }));

/** Bundles an entry for browsers from the sources, as the console's build does. */
async function bundle(name: string, entry: string): Promise<string> {
  await writeFile(join(work, `${name}.js`), entry);
  const script = `
    import { build } from 'vite';
    await build({
      configFile: false, logLevel: 'error', root: ${JSON.stringify(work)},
      resolve: { conditions: ['@boop/source', 'module', 'browser', 'import', 'default'] },
      build: { target: 'es2022', minify: false, outDir: 'out-${name}', rollupOptions: { input: '${name}.js', preserveEntrySignatures: 'strict', output: { format: 'es', entryFileNames: 'bundle.js' } } },
    });`;
  await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: library });
  return readFile(join(work, `out-${name}`, 'bundle.js'), 'utf8');
}

describe('in a browser bundle', () => {
  test('there is nothing of Node', async () => {
    const code = await bundle('all', `export * from '@boop/sdk';`);
    expect(code).not.toMatch(/\bfrom\s*["']node:|\brequire\(|\bimport\(\s*["']node:|\bBuffer\.|\bprocess\.(?!env\b)|__vite-browser-external/);
    // The bundle stands alone: what is imported is inside of it.
    expect(code).not.toMatch(/^\s*import\s.*\sfrom\s*["'][^."']/m);
    expect(code).toContain('createRegistrationClient');
  }, 240_000);

  test('who verifies a proof carries neither encoder nor sharing nor clients', async () => {
    const code = await bundle('verifier', `export { verifyProof } from '@boop/sdk';`);
    for (const foreign of ['palm-compcode-1', 'createTerminalClient', '/.well-known/jwks.json', 'WebAssembly']) expect(code).not.toContain(foreign);
    expect(code).toContain('log.bad-signature');
    // The verifier needs zod for entries and curves for signatures, no more.
    const all = await bundle('whole', `export * from '@boop/sdk';`);
    expect(code.length).toBeLessThan(all.length * 0.75);
  }, 240_000);

  test('a vendor carries neither terminal nor registration nor sandbox, and a terminal no vendor', async () => {
    const entries = {
      vendor: `export { createVendorClient, verifyWebhook } from '@boop/sdk';`,
      terminal: `export { createTerminalClient } from '@boop/sdk';`,
      sandboxed: `export { createVendorClient, createSandbox } from '@boop/sdk';`,
    };
    const code = Object.fromEntries(await Promise.all(Object.entries(entries).map(async ([name, entry]) => [name, await bundle(name, entry)] as const)));
    // Each phrase stands in one part only: messages and names that no bundler changes.
    const marks = { terminal: 'pvs_hello_response', registration: 'registration_hello', sandbox: 'sandbox.boop.invalid', encoder: 'the capture has too little quality', vendor: 'vendor_hello', webhooks: 'webhook-signature' };
    const holds = (name: string): string[] => Object.entries(marks).flatMap(([part, mark]) => (code[name]!.includes(mark) ? [part] : []));
    expect(holds('vendor')).toEqual(['vendor', 'webhooks']);
    expect(holds('terminal')).toEqual(['terminal', 'encoder']);
    expect(holds('sandboxed')).toEqual(['terminal', 'registration', 'sandbox', 'vendor']);
  }, 240_000);

  test('a capture becomes a sealed split', async () => {
    await bundle('probe', `export { encodeCapture, encodeGreyBmp, splitAndSeal, systemRng } from '@boop/sdk';`);
    const script = `
      import { encodeCapture, encodeGreyBmp, splitAndSeal, systemRng } from ${JSON.stringify(join(work, 'out-probe', 'bundle.js'))};
      const pixels = Uint8Array.from({ length: 128 * 128 }, (_, i) => 128 + 90 * Math.sin(((i % 128) + 0.7 * (i >> 7)) / 3));
      const { template } = encodeCapture(encodeGreyBmp({ width: 128, height: 128, pixels }));
      const key = () => btoa(String.fromCharCode(...systemRng.bytes(32))).replaceAll('+', '-').replaceAll('/', '_').replace('=', '');
      const members = [1, 2, 3].map((party) => ({ party, name: 'n' + party, jurisdiction: 'CH', identityKey: key(), hpkeKey: key() }));
      const network = { networkId: 'n', epoch: 1, nodes: 3, threshold: 1, encoder: template.encoder, members };
      const split = await splitAndSeal({ network, purpose: 'authentication', sessionId: key(), items: [{ item: { role: 'probe' }, template }], device: { publicKey: key(), sign: () => '' } });
      console.log(systemRng.bytes(70000).length, split.envelopes.map(({ ciphertext }) => ciphertext.length).join());
    `;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script]);
    // 4,096 coordinates of two bytes and a tag of 16, as base64url.
    expect(stdout.trim()).toBe('70000 10944,10944,10944');
  }, 240_000);
});
