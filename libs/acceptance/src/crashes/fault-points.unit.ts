import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { projectRoot } from '../captures.ts';

const apps = ['apps/mpc-node/src', 'apps/api-gateway/src'];
const isProduction = (path: string): boolean => path.endsWith('.ts') && !/\.(unit|vector|prop|sim|int|e2e|long|bench)\.ts$|(^|\/)(testing|generated)\//.test(path);
const sources = apps.flatMap((app) =>
  readdirSync(join(projectRoot, app), { recursive: true, encoding: 'utf8' })
    .filter(isProduction)
    .map((path) => ({ path: `${app}/${path}`, text: readFileSync(join(projectRoot, app, path), 'utf8') })),
);

/** Every point by its name, and the list that declares it. */
const declared = new Map(
  sources.flatMap(({ path, text }) =>
    [...text.matchAll(/const (\w*FAULT_POINTS) = \[([^\]]*)\]/g)].flatMap(([, list, names]) => [...names!.matchAll(/'([^']+)'/g)].map(([, name]) => [name!, { list: list!, path }] as const)),
  ),
);
const table = [...readFileSync(join(projectRoot, 'docs/operations/crashes.md'), 'utf8').matchAll(/^\| `([^`]+)` \| (?:gateway|node) \| [^|]+ \| `([^`]+)` \|$/gm)].map(([, point, suite]) => ({ point: point!, suite: suite! }));

test('the table names every fault point of the sources, once', () => {
  expect(declared.size).toBeGreaterThan(15);
  expect(table.map(({ point }) => point).sort()).toEqual([...declared.keys()].sort());
});

test.each([...declared.keys()])('%s guards a write', (point) => {
  const { path } = declared.get(point)!;
  expect(sources.filter((source) => source.path !== path && source.text.includes(`'${point}'`)).map((source) => source.path)).not.toEqual([]);
});

test.each(table)('$point is exercised before and after by $suite', ({ point, suite }) => {
  const text = readFileSync(join(projectRoot, suite), 'utf8');
  const { list } = declared.get(point)!;
  expect(text).toMatch(new RegExp(`\\b${list}\\.flatMap|'${point}'`));
  expect(text).toContain("['before', 'after']");
});
