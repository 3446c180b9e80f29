import preset from '../../jest.preset.mjs';
export default { ...preset, displayName: 'api-gateway', testMatch: ['<rootDir>/src/**/*.{unit,vector,prop,sim,int}.ts'] };
