/** What the synthetic palms are made of; lengths in pixels of the 128×128 region of interest, angles in radians. */
export interface PalmParameters {
  /** Standard deviation of the principal lines' control points around the common layout. */
  readonly layoutJitter: number;
  /** Depth of the principal lines, grey levels. */
  readonly principalDepth: number;
  readonly creases: number;
  readonly creaseDepth: number;
  readonly creaseWidth: number;
  readonly creaseLength: number;
  /** Broad, faint lines: veins. */
  readonly veins: number;
  readonly veinDepth: number;
  readonly veinWidth: number;
  /** Share of creases and veins that follow the palm's own main direction instead of any. */
  readonly aligned: number;
  /** Standard deviation of that direction among palms, and of the lines around it. */
  readonly directionSpread: number;
  readonly alignmentSpread: number;
  /** Standard deviations of shift and rotation, by session and by capture within it. */
  readonly sessionShift: number;
  readonly captureShift: number;
  readonly sessionTurn: number;
  readonly captureTurn: number;
  /** Bending of the hand: mean amplitude of a smooth displacement. */
  readonly sessionBend: number;
  /** Standard deviation of the logarithm of each line's depth, by session. */
  readonly sessionFading: number;
  /** Sensor noise, grey levels, and how much it differs among people (standard deviation of the logarithm). */
  readonly noise: number;
  readonly noiseSpread: number;
  /** Smooth clutter that changes from capture to capture (sweat, pressure), grey levels. */
  readonly clutter: number;
}

/** Found by random search on the Kolmogorov-Smirnov distances to the real captures' scores (README, "Synthetic palms"). */
export const PARAMETERS: PalmParameters = {
  layoutJitter: 26,
  principalDepth: 12,
  creases: 39,
  creaseDepth: 8.5,
  creaseWidth: 3.21,
  creaseLength: 86.9,
  veins: 6,
  veinDepth: 6.86,
  veinWidth: 6,
  aligned: 0.165,
  directionSpread: 0.964,
  alignmentSpread: 0.434,
  sessionShift: 1.25,
  captureShift: 1.4,
  sessionTurn: 0.00941,
  captureTurn: 0.0181,
  sessionBend: 1.91,
  sessionFading: 0.147,
  noise: 2.9,
  noiseSpread: 0.11,
  clutter: 1.14,
};
