// Compiles assembly/kernel.ts and writes the module's bytes into src/generated, so that every bundler and runtime can load it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = new URL('../src/generated/kernel-wasm.ts', import.meta.url);
let wasm;
const { error, stderr } = await asc.main(
  ['assembly/kernel.ts', '--outFile', 'kernel.wasm', '--baseDir', root, '--runtime', 'stub', '-O3', '--noAssert', '--enable', 'simd', '--importMemory', '--initialMemory', '1'],
  { writeFile: (name, contents) => void (name === 'kernel.wasm' && (wasm = contents)) },
);
if (error || !wasm) {
  process.stderr.write(`${stderr.toString()}${error?.message ?? 'no output'}\n`);
  process.exit(1);
}
mkdirSync(dirname(fileURLToPath(target)), { recursive: true });
writeFileSync(target, `/** Compiled from assembly/kernel.ts; base64url. */\nexport const kernelWasm = '${Buffer.from(wasm).toString('base64url')}';\n`);
await import('./build-lanes.mjs');
