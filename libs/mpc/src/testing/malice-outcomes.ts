import { type Result, type ResultKind, resultKinds } from './malice-table.ts';

/** How often each result came of one lie in one protocol, and with what codes. */
interface Cell {
  readonly counts: Partial<Record<ResultKind, number>>;
  readonly codes: readonly string[];
}

/** Results by `protocol | lie` for one (N, t); plain JSON. */
export type Outcomes = Readonly<Record<string, Cell>>;

const rowOf = ({ lie }: Result): string => `${lie.scenario.name} | ${lie.what}`;
const empty: Cell = { counts: {}, codes: [] };

const sum = (a: Cell, b: Cell): Cell => ({
  counts: Object.fromEntries(resultKinds.flatMap((kind) => (a.counts[kind] || b.counts[kind] ? [[kind, (a.counts[kind] ?? 0) + (b.counts[kind] ?? 0)]] : []))),
  codes: [...new Set([...a.codes, ...b.codes])].sort(),
});

/** Lies that altered nothing are left out. */
export function outcomesOf(results: readonly Result[]): Outcomes {
  const out: Record<string, Cell> = {};
  for (const result of results) if (result.told > 0) out[rowOf(result)] = sum(out[rowOf(result)] ?? empty, { counts: { [result.kind]: 1 }, codes: result.codes });
  return out;
}

export function mergeOutcomes(parts: readonly Outcomes[]): Outcomes {
  const out: Record<string, Cell> = {};
  for (const part of parts) for (const [row, cell] of Object.entries(part)) out[row] = sum(out[row] ?? empty, cell);
  return out;
}

export const runsIn = (outcomes: Outcomes): number => Object.values(outcomes).reduce((all, { counts }) => Object.values(counts).reduce((a, b) => a + b, all), 0);

const written = ({ counts }: Cell): string => resultKinds.flatMap((kind) => (counts[kind] ? [`${counts[kind]} ${kind}`] : [])).join(', ');

/** One line per protocol and lie, one column per (N, t). */
export function outcomesTable(byParameters: ReadonlyMap<string, Outcomes>): string[] {
  const rows = [...new Set([...byParameters.values()].flatMap((outcomes) => Object.keys(outcomes)))];
  const head = ['protocol', 'lie', ...byParameters.keys(), 'codes'];
  const lines = rows.map((row) => {
    const cells = [...byParameters.values()].map((outcomes) => outcomes[row] ?? empty);
    const codes = cells.reduce(sum).codes.map((code) => `\`${code}\``);
    return `| ${[row, ...cells.map(written), codes.join(', ')].join(' | ')} |`;
  });
  return [`| ${head.join(' | ')} |`, `|${'---|'.repeat(head.length)}`, ...lines];
}

/** Reads what {@link outcomesTable} wrote; codes are those of the whole line. */
export function readOutcomesTable(lines: readonly string[]): Map<string, Outcomes> {
  const split = (line: string): string[] => line.split('|').slice(1, -1).map((cell) => cell.trim());
  const [head, , ...body] = lines;
  const parameters = split(head!).slice(2, -1);
  return new Map(
    parameters.map((name, column) => [
      name,
      Object.fromEntries(
        body.map(split).map((cells): [string, Cell] => {
          const counts = Object.fromEntries(cells[2 + column]!.split(', ').filter(Boolean).map((part) => part.split(' ')).map(([count, kind]) => [kind!, Number(count)]));
          return [`${cells[0]} | ${cells[1]}`, { counts, codes: cells.at(-1)!.split(', ').filter(Boolean).map((code) => code.slice(1, -1)) }];
        }),
      ),
    ]),
  );
}

/** Results that the table doesn't have, and why. */
export function missingFrom(table: Outcomes, results: readonly Result[]): string[] {
  return Object.entries(outcomesOf(results)).flatMap(([row, { counts, codes }]) => {
    const known = table[row] ?? empty;
    const kinds = resultKinds.filter((kind) => (counts[kind] ?? 0) > (known.counts[kind] ?? 0)).map((kind) => `${row}: ${counts[kind]} ${kind}`);
    return [...kinds, ...codes.filter((code) => !known.codes.includes(code)).map((code) => `${row}: ${code}`)];
  });
}
