import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Resvg, initWasm } from '@resvg/resvg-wasm';

const require = createRequire(import.meta.url);
/** Pixels per unit of the plot: sharp on screens of high density. */
const SCALE = 2;
let ready: Promise<Uint8Array> | undefined;

/** Draws a plot of `@boop/evaluation` on its light ground. The font comes along, so that every machine draws the same. */
export async function pngOf(svg: string): Promise<Uint8Array> {
  ready ??= load();
  const font = await ready;
  const options = { font: { fontBuffers: [font], defaultFontFamily: 'DejaVu Sans', sansSerifFamily: 'DejaVu Sans', loadSystemFonts: false }, fitTo: { mode: 'zoom', value: SCALE } } as const;
  return new Resvg(inLight(svg), options).render().asPng();
}

async function load(): Promise<Uint8Array> {
  await initWasm(readFile(require.resolve('@resvg/resvg-wasm/index_bg.wasm')));
  return readFile(require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'));
}

/** The renderer knows neither media queries nor custom properties: the light scheme's are put in where they are used. */
function inLight(svg: string): string {
  const light = svg.replace(/@media[^{]*\{[^{}]*\{[^{}]*\}\s*\}/, '').replace(/font:12px system-ui,sans-serif;/, 'font-family:DejaVu Sans;font-size:12px;');
  const colours = new Map(Array.from(light.matchAll(/(--\w+):([^;}]+)/g), ([, name, value]) => [name!, value!]));
  return light.replace(/var\((--\w+)\)/g, (_, name: string) => colours.get(name) ?? 'currentColor');
}
