// Compiles the AssemblyScript modules and writes their bytes into src/generated, so that every bundler and runtime can load them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { registerBlocks } from './register-blocks.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const common = ['--outFile', 'out.wasm', '--baseDir', root, '--runtime', 'stub', '-O3', '--noAssert', '--enable', 'simd', '--importMemory', '--initialMemory', '1'];
const shared = ['--enable', 'threads', '--sharedMemory', '--maximumMemory', '65536'];

function write(path, text) {
  const target = fileURLToPath(new URL(`../${path}`, import.meta.url));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
}

async function compile(source, name, options) {
  let wasm;
  const { error, stderr } = await asc.main([source, ...common, ...options], { writeFile: (file, contents) => void (file === 'out.wasm' && (wasm = contents)) });
  if (error || !wasm) {
    process.stderr.write(`${stderr.toString()}${error?.message ?? 'no output'}\n`);
    process.exit(1);
  }
  write(`src/generated/${name}-wasm.ts`, `/** Compiled from ${source}; base64url. */\nexport const ${name}Wasm = '${Buffer.from(wasm).toString('base64url')}';\n`);
}

write('assembly/generated/blocks.ts', registerBlocks());
await compile('assembly/kernel.ts', 'kernel', []);
await compile('assembly/gallery.ts', 'gallery', shared);
await import('./build-lanes.mjs');
