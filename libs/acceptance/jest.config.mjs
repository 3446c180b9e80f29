import preset from '../../jest.preset.mjs';
export default { ...preset, displayName: 'acceptance', testTimeout: 120_000, testMatch: ['<rootDir>/src/**/*.{unit,sim,int,e2e}.ts'] };
