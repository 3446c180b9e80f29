import preset from '../../jest.preset.mjs';
export default { ...preset, displayName: 'log', testMatch: ['<rootDir>/src/**/*.{unit,vector,prop,sim,int}.ts'] };
