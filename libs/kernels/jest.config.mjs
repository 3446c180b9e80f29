import preset from '../../jest.preset.mjs';
export default { ...preset, displayName: 'kernels', testMatch: ['<rootDir>/src/**/*.{unit,vector,prop,sim,int}.ts'] };
