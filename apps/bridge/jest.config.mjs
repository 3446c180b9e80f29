import preset from '../../jest.preset.mjs';
export default { ...preset, displayName: 'bridge', testMatch: ['<rootDir>/src/**/*.{unit,vector,prop,sim,int}.ts'] };
