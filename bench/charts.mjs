// A chart of what bench/scale.mjs wrote: node --conditions=@boop/source bench/charts.mjs SCALE.json CHART.svg
import { readFileSync, writeFileSync } from 'node:fs';
import { renderChart } from '../libs/evaluation/src/plot/chart.ts';
import { linearScale } from '../libs/evaluation/src/plot/scale.ts';

const [from, to] = process.argv.slice(2);
const { machine, commit, runs } = JSON.parse(readFileSync(from, 'utf8'));
const searches = runs.filter(({ galleryRows }) => galleryRows !== undefined);
const shardCounts = [...new Set(searches.map(({ shards }) => shards))];
const most = (key) => Math.max(...searches.map((search) => search[key]));
/** The next 1, 2 or 5 times a power of ten. */
const roundedUp = (value) => [1, 2, 5, 10].map((step) => step * 10 ** Math.floor(Math.log10(value))).find((edge) => edge >= value);

writeFileSync(
  to,
  renderChart({
    title: 'A palm searched among many, three nodes',
    description: `Median milliseconds over the size of the gallery, correlations in stock, 25 shifts; ${machine}; commit ${commit}.`,
    x: { title: 'palms in the gallery, thousands', scale: linearScale(0, roundedUp(most('galleryRows') / 1_000)) },
    y: { title: 'median, ms', scale: linearScale(0, roundedUp(most('p50Stocked'))) },
    series: shardCounts.map((shards, style) => ({
      name: `${shards} ${shards === 1 ? 'shard' : 'shards'} a node`,
      style,
      kind: 'line',
      points: searches.filter((search) => search.shards === shards).map(({ galleryRows, p50Stocked }) => [galleryRows / 1_000, p50Stocked]),
    })),
  }),
);
