export { projectRoot, realPalms } from './captures.ts';
