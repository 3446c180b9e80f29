export { type NodeConfig, nodeConfigSchema } from './config.ts';
export { readManifest, type RunningNode, startNode } from './node.ts';
