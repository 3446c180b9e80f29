import { type GridGeometry, type Line, linesOf, type RowGeometry, shiftSources } from './geometry.ts';
import { type EvaluationPlan, type RowPlan } from './row-plan.ts';
import { vecs } from './toom-cook.ts';

/** Puts the coordinates of rows and probes into the order in which the kernel takes them; same steps for all values. */
export interface RowShaper {
  /** Lines (evaluations) or coordinates (plain) of a row, into zeros. */
  row(values: Int16Array, target: Int16Array): void;
  /** The same of a probe, shifted as query `column` wants it. */
  probe(values: Int16Array, column: number, target: Int16Array): void;
}

export function createRowShaper(geometry: RowGeometry, { evaluations }: RowPlan): RowShaper {
  if (evaluations) return evaluationShaper(evaluations);
  return geometry.kind === 'vector' ? { row: copy, probe: (values, _, target) => copy(values, target) } : plainShaper(geometry);
}

function copy(values: Int16Array, target: Int16Array): void {
  target.set(values);
}

function plainShaper(grid: GridGeometry): RowShaper {
  const sources: Int32Array[] = [];
  return {
    row: copy,
    probe(values, column, target) {
      const source = (sources[column] ??= shiftSources(grid, grid.shifts[column]!));
      for (let i = 0; i < source.length; i++) if (source[i]! >= 0) target[i] = values[source[i]!]!;
    },
  };
}

function evaluationShaper({ grid, points, dys, dxMax }: EvaluationPlan): RowShaper {
  const { rows, columns, edge } = grid;
  const lines = linesOf(grid);
  const gather = (values: Int16Array, { start, stride }: Line, target: Int16Array, at: number): void => {
    for (let x = 0; x < columns; x++) target[at + x] = values[start + x * stride]!;
  };
  const cyclic = (n: number): number => (((n - dxMax) % columns) + columns) % columns;
  // Entry n of the line that is correlated comes from pixel n − dxMax.
  const pixels = Array.from({ length: points }, (_, n) => (edge === 'cyclic-columns' ? cyclic(n) : n - dxMax));
  const inside = pixels.flatMap((x, n) => (x >= 0 && x < columns ? [{ x, n }] : []));
  return {
    row(values, target) {
      lines.forEach((line, i) => gather(values, line, target, i * vecs(columns) * 8));
    },
    probe(values, column, target) {
      const dy = dys[column]!;
      const lineLength = vecs(points) * 8;
      lines.forEach(({ y }, i) => {
        if (y - dy < 0 || y - dy >= rows) return;
        const { start, stride } = lines[i - dy]!;
        for (const { x, n } of inside) target[i * lineLength + n] = values[start + x * stride]!;
      });
    },
  };
}
