/** One ESM Jest preset for every project; the source condition makes tests run on sources, never on stale builds. */
export default {
  testEnvironment: 'node',
  // Jest adds `import` or `require` by itself, per module; `import` given here would break CommonJS packages that come in both forms (pg).
  testEnvironmentOptions: { customExportConditions: ['@boop/source', 'node'] },
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: {
    '^.+\\.tsx?$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true, tsx: false },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  coverageProvider: 'v8',
};
