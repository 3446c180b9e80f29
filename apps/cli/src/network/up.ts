import { rmSync } from 'node:fs';
import { BoopError, isBoopError } from '@boop/shared';
import { type ControlRequest, isRunning, type ProcessStatus, serveControl } from './control.ts';
import { removeDataDirectory } from './data-directory.ts';
import { addressTable, credentialsTable, stepPrinter, type Write } from './display.ts';
import { layoutOf } from './layout.ts';
import { type ManagedProcess } from './managed-process.ts';
import { DevelopmentNetwork } from './network.ts';
import { type RequestedParameters } from './parameters.ts';
import { type Programs } from './programs.ts';
import { listenForStop } from './stop-request.ts';

export interface UpOptions {
  readonly dataDirectory: string;
  readonly requested: RequestedParameters;
  readonly fresh: boolean;
  readonly programs: Programs;
  readonly write: Write;
  /** How long ports may stay taken by a network that was killed. */
  readonly releaseTimeoutMs?: number;
}

/**
 * `boop network up`: starts a network, shows its addresses, and runs until it is told to stop by SIGINT, SIGTERM, SIGHUP, the control socket or the
 * end of the process that started us. A second signal kills what still runs. Nothing that dies is started again.
 * @returns exit status
 */
export async function networkUp({ dataDirectory, requested, fresh, programs, write, releaseTimeoutMs }: UpOptions): Promise<number> {
  const layout = layoutOf(dataDirectory);
  if (await isRunning(layout.socket)) throw new BoopError('network.already-running', `a network already runs in ${layout.dir}: stop it first, or give another folder with --data`);
  if (fresh) removeDataDirectory(layout.dir);
  const stopRequest = listenForStop();
  const network = new DevelopmentNetwork({ layout, requested, programs, onEvent: (message) => write(`  ! ${message}\n`), ...(releaseTimeoutMs === undefined ? {} : { releaseTimeoutMs }) });
  const control = await serveControl(layout.socket, (request) => handleControl(network, request, stopRequest.stop));
  try {
    write(`network ${network.state.networkId}: ${network.state.nodes} nodes, threshold ${network.state.threshold}, data in ${layout.dir}\n`);
    const started = await Promise.race([network.start(stepPrinter(write)).then(() => true), stopRequest.requested.then(() => false)]);
    if (started) {
      const { credentials } = network.provisioned;
      write(`\n${addressTable(await statusOf(network.processes))}\n${credentialsTable(credentials)}\n`);
      write(`  development credentials, also in ${layout.credentials}\n\n  Ctrl-C stops all\n`);
      await stopRequest.requested;
    }
    return 0;
  } catch (error) {
    if (!isBoopError(error)) throw error;
    write(`\n${error.message}\n`);
    return 1;
  } finally {
    stopRequest.onSecond(() => void network.kill());
    write('stopping\n');
    await network.stop();
    control.close();
    rmSync(layout.socket, { force: true });
    write('stopped\n');
  }
}

async function handleControl(network: DevelopmentNetwork, request: ControlRequest, stop: () => void): Promise<ProcessStatus[]> {
  if (request.command === 'node') await changeNode(network.node(request.party), request.action);
  const status = await statusOf(network.processes);
  if (request.command === 'stop') stop();
  return status;
}

async function changeNode(node: ManagedProcess, action: 'start' | 'stop' | 'kill'): Promise<void> {
  if (action === 'stop') return await node.stop();
  if (action === 'kill') return await node.kill();
  node.start();
}

const statusOf = async (processes: readonly ManagedProcess[]): Promise<ProcessStatus[]> =>
  await Promise.all(
    processes.map(async (process) => ({
      name: process.plan.name,
      running: process.running,
      ready: await process.ready(),
      ...(process.pid === undefined ? {} : { pid: process.pid }),
      address: process.plan.address,
      healthUrl: process.plan.healthUrl,
    })),
  );
