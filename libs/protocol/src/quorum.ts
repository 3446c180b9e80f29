import { signersNeeded } from './manifest.ts';

/** What a network does with some of its nodes, each with its own number of them. */
export const networkFunctions = ['authentication', 'verified-authentication', 'registration', 'log'] as const;
export type NetworkFunction = (typeof networkFunctions)[number];

/** Nodes that have to be ready: 2t+1 to decide, 3t+1 to confirm what t lying ones can't have made up, all to register, the signers of checkpoints. */
export const nodesNeeded = ({ nodes, threshold }: { nodes: number; threshold: number }): Record<NetworkFunction, number> => ({
  authentication: 2 * threshold + 1,
  'verified-authentication': 3 * threshold + 1,
  registration: nodes,
  log: signersNeeded('log', nodes, threshold),
});

/** How many more nodes may fail before a function ends; below 0 where it has. @param ready how many are ready now */
export function quorumLeft(ready: number, network: { nodes: number; threshold: number }): Record<NetworkFunction, number> {
  const needed = nodesNeeded(network);
  return Object.fromEntries(networkFunctions.map((name) => [name, ready - needed[name]])) as Record<NetworkFunction, number>;
}

/** Epochs between the nodes that are ahead and those that are behind. */
export const epochSkew = (epochs: readonly number[]): number => (epochs.length === 0 ? 0 : Math.max(...epochs) - Math.min(...epochs));
