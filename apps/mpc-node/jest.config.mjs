import preset from '../../jest.preset.mjs';
export default { ...preset, displayName: 'mpc-node', testMatch: ['<rootDir>/src/**/*.{unit,vector,prop,sim,int}.ts'] };
