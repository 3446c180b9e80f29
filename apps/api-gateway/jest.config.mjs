import preset from '../../jest.preset.mjs';

// Jest adds `import` or `require` by itself, per module; given here, `import` would break pg, whose CommonJS half requires its own parts.
const testEnvironmentOptions = { customExportConditions: ['@boop/source', 'node'] };

export default {
  ...preset,
  testEnvironmentOptions,
  testTimeout: 120_000,
  displayName: 'api-gateway',
  testMatch: ['<rootDir>/src/**/*.{unit,vector,prop,sim,int}.ts'],
};
