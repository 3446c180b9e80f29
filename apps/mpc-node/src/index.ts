export { type NodeConfig, nodeConfigSchema } from './config.ts';
export { type RunningNode, startNode } from './node.ts';
