import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Instantiates the schema engine's WebAssembly module. Its glue code isn't among the package's exports, so it is found by path. */
export async function loadSchemaEngine(datamodels, adapterFactory) {
  const folders = createRequire(import.meta.url).resolve.paths('@prisma/schema-engine-wasm');
  const glueFile = folders.map((folder) => `${folder}/@prisma/schema-engine-wasm/schema_engine_bg.js`).find((file) => existsSync(file));
  if (!glueFile) throw new Error('@prisma/schema-engine-wasm is not installed');
  const glue = await import(glueFile);
  const module = readFileSync(glueFile.replace(/\.js$/, '.wasm'));
  const { instance } = await WebAssembly.instantiate(module, { './schema_engine_bg.js': glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return await glue.SchemaEngine.new({ datamodels: datamodels.length > 0 ? datamodels : undefined }, () => undefined, adapterFactory);
}
