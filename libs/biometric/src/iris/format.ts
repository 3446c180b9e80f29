/**
 * Layout of an iris template: `code[((row·200 + column)·2 + scale)·2 + part]` ∈ {−1, 0, 1} with part 0 real and 1 imaginary, c = m(1 − 2b);
 * then `mask[12800 + (row·200 + column)·2 + scale]` ∈ {0, 1}, one for both parts. Rows from the pupil outwards, columns
 * clockwise in the image from the three o'clock position, so that a turned head is a cyclic shift of columns.
 */
export const ROWS = 16;
export const COLUMNS = 200;
export const SCALES = 2;
export const PARTS = 2;
export const PAIRS = ROWS * COLUMNS * SCALES;
export const CODE_BITS = PAIRS * PARTS;
export const IRIS_TEMPLATE_LENGTH = CODE_BITS + PAIRS;
/** Largest rotation searched, in columns: ±15 of 200 are ±27°. */
export const ROTATION_MAX = 15;
