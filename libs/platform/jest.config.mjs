import preset from '../../jest.preset.mjs';
export default { ...preset, displayName: 'platform', testMatch: ['<rootDir>/src/**/*.{unit,vector,prop,sim,int}.ts'] };
