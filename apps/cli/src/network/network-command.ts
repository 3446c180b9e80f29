import { Command, InvalidArgumentError } from 'commander';
import { askControl, type ControlRequest, type ProcessStatus } from './control.ts';
import { statusTable } from './display.ts';
import { addGovernanceCommands } from './governance-commands.ts';
import { askNodeTable } from './node-table.ts';
import { DEFAULT_DATA_DIRECTORY, layoutOf } from './layout.ts';
import { builtPrograms } from './programs.ts';
import { networkUp } from './up.ts';

const write = (text: string): void => void process.stdout.write(text);

/** `boop network …`: runs and controls a development network on this machine. */
export function networkCommand(): Command {
  const network = new Command('network').description('run and control a development network on this machine');
  network
    .command('up')
    .description('start a network and keep it running; resumes the one in the data folder')
    .option('--nodes <count>', 'number of MPC nodes of a new network (default 5)', integer)
    .option('--threshold <t>', 'how many of them may collude (default: the smallest supported)', integer)
    .option('--port-base <port>', 'first of the ports (default 40400)', integer)
    .option('--data <folder>', 'where keys, databases and logs live', DEFAULT_DATA_DIRECTORY)
    .option('--fresh', 'delete the data folder first, with everybody registered in it', false)
    .action(async ({ nodes, threshold, portBase, data, fresh }: UpFlags) => {
      const requested = { ...(nodes === undefined ? {} : { nodes }), ...(threshold === undefined ? {} : { threshold }), ...(portBase === undefined ? {} : { portBase }) };
      const status = await networkUp({ dataDirectory: data, requested, fresh, programs: builtPrograms(), write });
      process.exit(status);
    });
  withData(network.command('status').description('show which processes run, the epochs and clocks of the nodes, and how many of them may fail')).action(async ({ data }: DataFlag) => {
    const gateway = (await control(data, { command: 'status' })).find(({ name }) => name === 'gateway');
    if (gateway) write(await askNodeTable(gateway.address));
  });
  withData(network.command('stop').description('stop the network')).action(async ({ data }: DataFlag) => void (await control(data, { command: 'stop' })));
  const node = network.command('node').description('start, stop or kill one node of a running network');
  for (const action of ['start', 'stop', 'kill'] as const) {
    withData(node.command(action).argument('<node>', 'its share index, from 1', integer)).action(async (party: number, { data }: DataFlag) => void (await control(data, { command: 'node', action, party })));
  }
  addGovernanceCommands(network, write);
  return network;
}

interface DataFlag {
  readonly data: string;
}

interface UpFlags extends DataFlag {
  readonly nodes?: number;
  readonly threshold?: number;
  readonly portBase?: number;
  readonly fresh: boolean;
}

const withData = (command: Command): Command => command.option('--data <folder>', "the network's data folder", DEFAULT_DATA_DIRECTORY);

async function control(data: string, request: ControlRequest): Promise<readonly ProcessStatus[]> {
  const status = await askControl(layoutOf(data).socket, request);
  write(statusTable(status));
  return status;
}

function integer(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('a whole number is needed');
  return Number(text);
}
