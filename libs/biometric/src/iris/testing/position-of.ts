import { BOUNDARY_DIRECTIONS } from '../boundary.ts';
import { COLUMNS, ROWS } from '../format.ts';
import { ringPart } from '../rubber-sheet.ts';
import { type Segmentation } from '../segment.ts';

/** Where the middle of a code position lies in the segmented image, pixels. */
export function positionOf({ pupil, limbus }: Segmentation, row: number, column: number): { x: number; y: number } {
  const at = (column * BOUNDARY_DIRECTIONS.count) / COLUMNS;
  const [c, s] = [BOUNDARY_DIRECTIONS.cos[at]!, BOUNDARY_DIRECTIONS.sin[at]!];
  const [x0, y0] = [pupil.x + pupil.radii[at]! * c, pupil.y + pupil.radii[at]! * s];
  const [x1, y1] = [limbus.x + limbus.radii[at]! * c, limbus.y + limbus.radii[at]! * s];
  const rho = ringPart((row + 0.5) / ROWS);
  return { x: x0 + (x1 - x0) * rho, y: y0 + (y1 - y0) * rho };
}
