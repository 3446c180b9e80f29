import preset from './jest.preset.mjs';

/** All projects in one run; which kinds of tests is the caller's choice (`scripts/lib/test.mjs`). */
export default { ...preset, roots: ['<rootDir>/libs', '<rootDir>/apps'], testTimeout: 120_000 };
