import preset from '../../jest.preset.mjs';
export default { ...preset, displayName: 'engine', testMatch: ['<rootDir>/src/**/*.{unit,vector,prop,sim,int}.ts'] };
