import { element, escapeText, path, text } from './markup.ts';
import { type Scale } from './scale.ts';

const WIDTH = 560;
const HEIGHT = 420;
const LEFT = 64;
const RIGHT = 16;
const TOP = 40;
const BOTTOM = 56;
const LEGEND_ROW = 18;

export interface Axis {
  readonly title: string;
  readonly scale: Scale;
}

export interface Series {
  readonly name: string;
  /** Decides colour and dash, modulo 6: told apart without colour too. */
  readonly style: number;
  readonly kind: 'line' | 'area' | 'dots';
  readonly points: readonly (readonly [number, number])[];
}

export interface Chart {
  readonly title: string;
  /** One sentence for those who don't see the picture. */
  readonly description: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** Vertical rules with a label, such as a threshold. */
  readonly rules?: readonly { readonly x: number; readonly label: string }[];
  /** A region of the plane that the data cannot speak of: below x, or below y. */
  readonly unsupported?: { readonly x: number; readonly y: number };
}

const STYLES = 6;
const STYLE = `
.bp{font:12px system-ui,sans-serif;--ink:#1b1f24;--soft:#6a737d;--line:#d5dae0;--ground:#fff;--s0:#0b62c4;--s1:#b3401f;--s2:#1a7f45;--s3:#7a3fb0;--s4:#8a6d00;--s5:#b0256f}
@media(prefers-color-scheme:dark){.bp{--ink:#e6e9ed;--soft:#99a3ad;--line:#3a424b;--ground:#15191e;--s0:#6cb0ff;--s1:#ff9a73;--s2:#62d08d;--s3:#c8a0f5;--s4:#e2c04a;--s5:#ff8cc6}}
.bp text{fill:var(--ink)}.bp .soft{fill:var(--soft)}.bp .title{font-weight:600;font-size:14px}
.bp .grid{stroke:var(--line);fill:none}.bp .frame{stroke:var(--soft);fill:none}.bp .ground{fill:var(--ground)}.bp .blind{fill:var(--line);opacity:.45}
.bp .rule{stroke:var(--ink);stroke-dasharray:2 3}
${Array.from({ length: STYLES }, (_, i) => `.bp .line${i}{stroke:var(--s${i});fill:none;stroke-width:2${['', ';stroke-dasharray:7 3', ';stroke-dasharray:2 3', ';stroke-dasharray:9 3 2 3', ';stroke-dasharray:4 2', ';stroke-dasharray:1 2'][i]}}.bp .area${i}{fill:var(--s${i});opacity:.4;stroke:var(--s${i})}.bp .dots${i}{fill:var(--s${i});opacity:.8}`).join('\n')}
`;

/** An SVG document of 560×420 (more with a long legend), readable in light and dark, also as an image of its own. */
export function renderChart(chart: Chart): string {
  const px = (value: number): number => LEFT + chart.x.scale.at(value) * (WIDTH - LEFT - RIGHT);
  const py = (value: number): number => HEIGHT - BOTTOM - chart.y.scale.at(value) * (HEIGHT - TOP - BOTTOM);
  const columns = chart.series.every(({ kind }) => kind === 'line') ? Math.min(2, chart.series.length) : chart.series.length;
  const height = HEIGHT + LEGEND_ROW * (Math.ceil(chart.series.length / Math.max(1, columns)) - 1);
  const body = [
    element('title', {}, escapeText(chart.title)),
    element('desc', {}, escapeText(chart.description)),
    element('style', {}, STYLE),
    element('rect', { class: 'ground', width: WIDTH, height }),
    text(chart.title, { class: 'title', x: LEFT, y: 20 }),
    ...blind(chart, px, py),
    ...chart.x.scale.ticks.map(({ value, label }) => tick(px(value), TOP, px(value), HEIGHT - BOTTOM, label, { x: px(value), y: HEIGHT - BOTTOM + 16, 'text-anchor': 'middle' })),
    ...chart.y.scale.ticks.map(({ value, label }) => tick(LEFT, py(value), WIDTH - RIGHT, py(value), label, { x: LEFT - 6, y: py(value) + 4, 'text-anchor': 'end' })),
    element('rect', { class: 'frame', x: LEFT, y: TOP, width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM }),
    ...chart.series.map((series) => draw(series, px, py)),
    ...(chart.rules ?? []).flatMap(({ x, label }) => [
      element('line', { class: 'rule', x1: px(x), x2: px(x), y1: TOP, y2: HEIGHT - BOTTOM }),
      text(label, { class: 'soft', x: px(x) + 4, y: TOP + 12 }),
    ]),
    text(chart.x.title, { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - BOTTOM + 36, 'text-anchor': 'middle' }),
    text(chart.y.title, { x: 14, y: (TOP + HEIGHT - BOTTOM) / 2, 'text-anchor': 'middle', transform: `rotate(-90 14 ${(TOP + HEIGHT - BOTTOM) / 2})` }),
    ...legend(chart.series, columns),
  ];
  return element('svg', { xmlns: 'http://www.w3.org/2000/svg', class: 'bp', role: 'img', viewBox: `0 0 ${WIDTH} ${height}`, width: WIDTH, height }, body.join('\n'));
}

type Project = (value: number) => number;

function tick(x1: number, y1: number, x2: number, y2: number, label: string, at: Record<string, string | number>): string {
  return element('line', { class: 'grid', x1, y1, x2, y2 }) + text(label, { class: 'soft', ...at });
}

function blind({ unsupported }: Chart, px: Project, py: Project): string[] {
  if (unsupported === undefined) return [];
  const [x, y] = [px(unsupported.x), py(unsupported.y)];
  return [
    element('rect', { class: 'blind', x: LEFT, y: TOP, width: x - LEFT, height: HEIGHT - TOP - BOTTOM }),
    element('rect', { class: 'blind', x, y, width: WIDTH - RIGHT - x, height: HEIGHT - BOTTOM - y }),
  ];
}

function draw({ kind, style: index, points }: Series, px: Project, py: Project): string {
  const style = index % STYLES;
  const projected = points.map(([x, y]) => [px(x), py(y)] as const);
  if (kind === 'dots') return element('g', { class: `dots${style}` }, projected.map(([cx, cy]) => element('circle', { cx, cy, r: 3.5 })).join('') || ' ');
  const d = path(projected);
  if (kind === 'line') return element('path', { class: `line${style}`, d });
  const [first, last] = [projected[0], projected.at(-1)];
  return first === undefined || last === undefined ? '' : element('path', { class: `area${style}`, d: `${d}L${last[0]} ${HEIGHT - BOTTOM}L${first[0]} ${HEIGHT - BOTTOM}Z` });
}

/** Below the axis title, row by row. */
function legend(series: readonly Series[], columns: number): string[] {
  const width = (WIDTH - LEFT - RIGHT) / Math.max(1, columns);
  return series.map(({ name, style: index, kind }, i) => {
    const style = index % STYLES;
    const x = LEFT + (i % columns) * width;
    const y = HEIGHT - 8 + LEGEND_ROW * Math.floor(i / columns);
    const mark = kind === 'line' ? element('line', { class: `line${style}`, x1: x, x2: x + 22, y1: y, y2: y }) : element('rect', { class: `${kind}${style}`, x: x + 6, y: y - 6, width: 11, height: 11 });
    return mark + text(name, { x: x + 27, y: y + 4 });
  });
}
