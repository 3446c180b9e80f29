export { assembleAttributes, type AssembledAttributes } from './attributes-service.ts';
export { openDatabase } from './store/database.ts';
export { type NodeLink } from './nodes/node-links.ts';
