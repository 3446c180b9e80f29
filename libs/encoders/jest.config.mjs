import preset from '../../jest.preset.mjs';
export default { ...preset, displayName: 'encoders', testMatch: ['<rootDir>/src/**/*.{unit,int}.ts'] };
