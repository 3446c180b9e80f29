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
const page = readFileSync(join(projectRoot, 'docs/operations/crashes.md'), 'utf8');
const table = [...page.matchAll(/^\| `([^`]+)` \| (?:gateway|node) \| [^|]+ \| `([^`]+)` \|$/gm)].map(([, point, suite]) => ({ point: point!, suite: suite! }));

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

/** Durable writes of a node without a fault point: the file under its sources, and the function. */
function unguardedWrites(): string[] {
  const node = 'apps/mpc-node';
  const schemas = readdirSync(join(projectRoot, node, 'prisma'), { encoding: 'utf8' }).filter((path) => path.endsWith('.prisma'));
  const models = schemas.flatMap((path) => [...readFileSync(join(projectRoot, node, 'prisma', path), 'utf8').matchAll(/^model (\w)(\w*)/gm)].map(([, first, rest]) => first!.toLowerCase() + rest!));
  const write = new RegExp(String.raw`\.(?:${models.join('|')})\.(?:create|update|upsert|delete)(?:Many|ManyAndReturn)?\(|\$executeRaw|\b(?:INSERT INTO|DELETE FROM|UPDATE \w+ SET|TRUNCATE|COPY \S+ FROM)\b`);
  const declaration = /^(?:export )?(?:async )?function\*? (\w+)|^(?:export )?const (\w+) =|^ {2}(?:static )?(?:async )?\*?(#?\w+)\(.*\{$/gm;
  return sources
    .filter(({ path }) => path.startsWith(`${node}/src/`))
    .flatMap(({ path, text }) => {
      const starts = [...text.matchAll(declaration)].map((match) => ({ at: match.index, name: match.slice(1).find((name) => name !== undefined)! }));
      const bodies = starts.map(({ at, name }, index) => ({ name, body: text.slice(at, starts[index + 1]?.at) }));
      return bodies.filter(({ body }) => write.test(body) && !body.includes('guarded(')).map(({ name }) => `${path.slice(`${node}/src/`.length)} ${name}`);
    });
}

test('a write of a node has a fault point, or a reason in the table why not', () => {
  const excused = [...page.matchAll(/^\| `(\S+\.ts #?\w+)` \| [^|]+ \|$/gm)].map(([, name]) => name!);
  expect(excused.length).toBeGreaterThan(10);
  expect(unguardedWrites().sort()).toEqual(excused.sort());
});
