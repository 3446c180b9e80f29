// Compiles assembly/lanes.ts and writes the module's bytes into src/generated, as build.mjs does for the products.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = new URL('../src/generated/lanes-wasm.ts', import.meta.url);
const memory = ['--importMemory', '--initialMemory', '1', '--maximumMemory', '32768'];
let wasm;
const { error, stderr } = await asc.main(
  ['assembly/lanes.ts', '--outFile', 'lanes.wasm', '--baseDir', root, '--runtime', 'stub', '-O3', '--noAssert', '--enable', 'simd', ...memory],
  { writeFile: (name, contents) => void (name === 'lanes.wasm' && (wasm = contents)) },
);
if (error || !wasm) {
  process.stderr.write(`${stderr.toString()}${error?.message ?? 'no output'}\n`);
  process.exit(1);
}
mkdirSync(dirname(fileURLToPath(target)), { recursive: true });
writeFileSync(target, `/** Compiled from assembly/lanes.ts; base64url. */\nexport const lanesWasm = '${Buffer.from(wasm).toString('base64url')}';\n`);
