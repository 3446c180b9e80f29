import { supportedParameters } from '@boop/protocol';
import { BoopError } from '@boop/shared';

/** What a development network was created with; kept in its data folder. */
export interface NetworkParameters {
  readonly nodes: number;
  readonly threshold: number;
  readonly portBase: number;
}

/** What the command line asks for; what it leaves out is taken from the data folder or from the defaults. */
export type RequestedParameters = Partial<NetworkParameters>;

export const DEFAULT_PARAMETERS: NetworkParameters = { nodes: 5, threshold: 1, portBase: 40_400 };

/** Ports are `portBase` to `portBase + PORTS_SPAN - 1`. */
const PORTS_SPAN = 100;

/** Parameters of a new network; a missing threshold is the smallest one supported for that many nodes. @throws BoopError `network.unsupported` */
export function newParameters({ nodes = DEFAULT_PARAMETERS.nodes, threshold, portBase = DEFAULT_PARAMETERS.portBase }: RequestedParameters): NetworkParameters {
  const thresholds = supportedParameters.filter(([n]) => n === nodes).map(([, t]) => t);
  const chosen = threshold ?? thresholds[0];
  if (chosen === undefined || !thresholds.includes(chosen)) {
    const supported = supportedParameters.map(([n, t]) => `(${n},${t})`).join(' ');
    throw new BoopError('network.unsupported', `${nodes} nodes with threshold ${threshold ?? '?'} are not supported; (nodes,threshold) can be ${supported}`);
  }
  return { nodes, threshold: chosen, portBase: checkPortBase(portBase) };
}

/**
 * Parameters of an existing network. Its ports may move; its members may not.
 * @throws BoopError `network.other-parameters`
 */
export function resumedParameters(existing: NetworkParameters, requested: RequestedParameters): NetworkParameters {
  const { nodes = existing.nodes, threshold = existing.threshold, portBase = existing.portBase } = requested;
  if (nodes !== existing.nodes || threshold !== existing.threshold) {
    throw new BoopError(
      'network.other-parameters',
      `this data folder holds a network of ${existing.nodes} nodes with threshold ${existing.threshold}, not ${nodes} with ${threshold}: ` +
        'leave the options out to resume it, give another folder with --data, or add --fresh to delete it and everybody registered in it',
    );
  }
  return { nodes, threshold, portBase: checkPortBase(portBase) };
}

function checkPortBase(portBase: number): number {
  if (Number.isInteger(portBase) && portBase >= 1024 && portBase + PORTS_SPAN <= 65_536) return portBase;
  throw new BoopError('network.unsupported', `the port base must be an integer from 1024 to ${65_536 - PORTS_SPAN}`);
}
