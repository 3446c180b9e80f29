import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { type CustodySettings } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { Command, Option } from 'commander';
import { builtPrograms } from '../network/programs.ts';
import { nameOf } from '../services/service-descriptor.ts';
import { wholeNumber } from '../whole-number.ts';
import { acceptServices, dismissService } from './accept.ts';
import { parseAddress, parseAddresses } from './addresses.ts';
import { backupCommand, backupShareCommand } from './backup-command.ts';
import { initNode } from './init.ts';
import { joinNetwork } from './join.ts';
import { joinRunning, type JoiningPlan } from './join-running.ts';
import { linkSource } from './manifest-links.ts';
import { readDescriptor } from './member-descriptor.ts';
import { manifestInForce, ownParty, propose, withoutMember } from './next-manifest.ts';
import { NodeFolder } from './node-folder.ts';
import { restoreCommand } from './restore-command.ts';
import { rotateKey, rotateTls } from './rotate.ts';
import { runNode } from './run.ts';
import { signOrderCommand } from './sign-order-command.ts';
import { nodeStatus } from './status.ts';

const write = (text: string): void => void process.stdout.write(text);

/** Away from the link's port, so that nodes on one machine can stand side by side. */
const offsets = { health: 20, metrics: 50, database: 100 };

/** `boop node …`: what the custodian of one node does. */
export function nodeCommand(): Command {
  const node = new Command('node').description('one node of a network, in the hands of its custodian');
  node
    .command('init')
    .description("make a node's keys in a folder and print its member descriptor, which is public")
    .argument('<folder>')
    .requiredOption('--name <name>', 'name of the member')
    .requiredOption('--jurisdiction <code>', 'country, ISO 3166-1 alpha-2')
    .requiredOption('--address <host:port>', 'where the other nodes reach this one', parseAddress)
    .option('--listen <host>', 'interface to listen on for them (default: the host of the address)')
    .option('--health <host:port>', 'health checks (default: 127.0.0.1, port of the address + 20)', parseAddress)
    .option('--metrics <host:port>', 'Prometheus metrics (default: 127.0.0.1, port of the address + 50)', parseAddress)
    .option('--database-port <port>', "port of the node's own database server (default: port of the address + 100)", wholeNumber(1, 65_535))
    .addOption(new Option('--custody <kind>', 'where keys are kept').choices(['file', 'pkcs11']).default('file'))
    .option('--passphrase-file <file>', 'passphrase of the keys, mode 0600 (default: one is drawn, into the folder)')
    .option('--module <file>', 'PKCS#11 module of the token')
    .option('--token <label>', 'label of the token')
    .option('--pin-file <file>', "PIN of the token's user, mode 0600")
    .action(async (folder: string, flags: InitFlags) => {
      const { name, jurisdiction, address: link } = flags;
      const beside = (offset: number) => ({ host: '127.0.0.1', port: link.port + offset });
      const settings = { name, jurisdiction, link, listen: flags.listen ?? link.host, health: flags.health ?? beside(offsets.health), metrics: flags.metrics ?? beside(offsets.metrics), databasePort: flags.databasePort ?? link.port + offsets.database };
      write(`${JSON.stringify(await initNode(folder, settings, custodyOf(flags)), null, 2)}\n`);
    });
  node
    .command('join')
    .description('become a member of a network: of one that begins (--peers), by meeting the other nodes, or of one that runs (--network)')
    .argument('<folder>')
    .addOption(new Option('--peers <list>', 'addresses of all nodes: host:port,host:port,… or a file with one a line').conflicts(['network', 'inPlaceOf', 'with', 'links']))
    .addOption(new Option('--network <file>', 'manifest of the network that runs, from one of its custodians (network.json)').conflicts(['networkId', 'logOrigin', 'testNetwork']))
    .option('--links <place>', 'what tells the manifests that came into force since: address of the gateway, or a file (default: none did)')
    .option('--in-place-of <name>', 'member whose place the node takes (default: it comes after all others)')
    .option('--with <file>', 'member descriptor of a node that joins in the same change; may be repeated', (file: string, before: string[]) => [...before, file], [])
    .option('--threshold <t>', 'how many members may collude (default: 1, or as before)', wholeNumber(1, 3))
    .option('--network-id <id>', 'name of the network (default: made of its members)')
    .option('--log-origin <origin>', "name of the network's log")
    .option('--test-network', 'two members may be in one jurisdiction', false)
    .option('--fingerprint <fingerprint>', 'what the custodians have agreed on; asked for otherwise')
    .action(async (folder: string, flags: JoinFlags) => {
      const { peers, network, threshold = 1, networkId, logOrigin, testNetwork, fingerprint } = flags;
      if (network !== undefined) {
        sayJoining(folder, await joinRunning(folder, runningOptions(network, flags)));
        return;
      }
      if (peers === undefined) throw new BoopError('join.which', 'a network that begins needs --peers, one that runs --network');
      const plan = { threshold, testNetwork, ...(networkId !== undefined && { networkId }), ...(logOrigin !== undefined && { logOrigin }) };
      const confirm = async (manifest: NetworkManifest, shown: string): Promise<string> => {
        write(`\n${membersTable(manifest)}\nfingerprint ${shown}\n`);
        return fingerprint ?? (await ask('Compare it by voice with every other custodian, then type it here: '));
      };
      const manifest = await joinNetwork(folder, { peers: parseAddresses(peers), plan, confirm, write });
      write(`joined ${manifest.networkId}: boop node run ${folder}\n`);
    });
  node
    .command('run')
    .description('run the node until it is told to stop')
    .argument('<folder>')
    .option('--database-url-file <file>', 'a PostgreSQL database for the node, mode 0600 (default: a server of its own in the folder)')
    .action(async (folder: string, { databaseUrlFile }: { databaseUrlFile?: string }) => {
      process.exit(await runNode(folder, { program: builtPrograms().node!, write, ...(databaseUrlFile !== undefined && { databaseUrlFile }) }));
    });
  node
    .command('accept')
    .description('let services of an operator in: gateway, ledger, attributes service')
    .argument('<folder>')
    .argument('<file>', "services.json of the operator's folder")
    .option('--fingerprint <fingerprint>', 'of these services, as their operator has read it out; asked for otherwise')
    .action(async (folder: string, file: string, { fingerprint }: { fingerprint?: string }) => {
      await acceptServices(folder, file, async (services, shown) => {
        write(`${services.map((service) => `${nameOf(service).padEnd(16)} ${service.identityKey}\n`).join('')}fingerprint ${shown}\n`);
        return fingerprint ?? (await ask('Compare it by voice with their operator, then type it here: '));
      });
      write('accepted\n');
    });
  node
    .command('dismiss')
    .description('let a service in no longer; connections that are open end with the next restart')
    .argument('<folder>')
    .argument('<service>', 'for example gateway/main')
    .action(async (folder: string, name: string) => await dismissService(folder, name));
  node
    .command('status')
    .description('what the node is, and how it is')
    .argument('<folder>')
    .action(async (folder: string) => {
      for (const [name, value] of await nodeStatus(folder)) write(`${name.padEnd(16)} ${value}\n`);
    });
  const rotate = node.command('rotate').description('replace a key of the node');
  rotate
    .command('tls')
    .description('new TLS key and certificate, taken up without a restart')
    .argument('<folder>')
    .action(async (folder: string) => write(`a new TLS certificate until ${(await rotateTls(folder)).toISOString().slice(0, 10)}\n`));
  for (const use of ['identity', 'hpke'] as const) {
    rotate
      .command(use)
      .description(`a new ${use} key from the next epoch on, which the other custodians have to approve`)
      .argument('<folder>')
      .action(async (folder: string) => sayProposal(await rotateKey(folder, use)));
  }
  node
    .command('leave')
    .description('propose a network without this node; its shares are erased once the next epoch is served')
    .argument('<folder>')
    .option('--successor <file>', 'member descriptor of the node that takes its place')
    .action(async (directory: string, { successor }: { successor?: string }) => {
      const folder = NodeFolder.open(directory);
      const manifest = await manifestInForce(folder);
      const custody = await folder.custody();
      const party = ownParty(manifest, custody.publicKeys('identity'));
      custody.destroy();
      sayProposal(await propose(folder, withoutMember(manifest, party, successor === undefined ? undefined : readDescriptor(successor))));
    });
  return node.addCommand(backupCommand()).addCommand(backupShareCommand()).addCommand(restoreCommand()).addCommand(signOrderCommand());
}

interface InitFlags {
  readonly name: string;
  readonly jurisdiction: string;
  readonly address: { host: string; port: number };
  readonly listen?: string;
  readonly health?: { host: string; port: number };
  readonly metrics?: { host: string; port: number };
  readonly databasePort?: number;
  readonly custody: 'file' | 'pkcs11';
  readonly passphraseFile?: string;
  readonly module?: string;
  readonly token?: string;
  readonly pinFile?: string;
}

interface JoinFlags {
  readonly peers?: string;
  readonly network?: string;
  readonly links?: string;
  readonly inPlaceOf?: string;
  readonly with: readonly string[];
  readonly threshold?: number;
  readonly networkId?: string;
  readonly logOrigin?: string;
  readonly testNetwork: boolean;
  readonly fingerprint?: string;
}

const runningOptions = (manifestFile: string, { links, inPlaceOf, with: beside, threshold, fingerprint }: JoinFlags) => ({
  manifestFile,
  confirm: async (manifest: NetworkManifest, shown: string): Promise<string> => {
    if (fingerprint !== undefined) return fingerprint;
    write(`\n${membersTable(manifest)}\nfingerprint ${shown}\n`);
    return await ask('Compare it by voice with custodians of this network, then type it here: ');
  },
  ...(links !== undefined && { links: linkSource(links) }),
  ...(inPlaceOf !== undefined && { inPlaceOf }),
  ...(threshold !== undefined && { threshold }),
  beside: beside.map(readDescriptor),
});

function sayJoining(folder: string, { manifest, fingerprint, file, approvals }: JoiningPlan): void {
  write(`\n${membersTable(manifest)}\nfingerprint ${fingerprint}\n\nThis is the manifest of epoch ${manifest.epoch}. Start the node with it: boop node run ${folder}\n`);
  write(`Hand ${file} to the other custodians and read the fingerprint out to them. One proposes it, and ${approvals} in all approve:\n`);
  write(`  boop network propose FILE --fingerprint FINGERPRINT --node THEIR_FOLDER\n  boop network approve DIGEST --fingerprint FINGERPRINT --node THEIR_FOLDER\n`);
  write(`The operator of gateway, ledger and attributes service gives you services.json: boop node accept ${folder} services.json\n`);
}

function custodyOf({ custody, passphraseFile, module, token, pinFile }: InitFlags): CustodySettings | undefined {
  if (custody === 'file') return passphraseFile === undefined ? undefined : { kind: 'file', passphraseFile: resolve(passphraseFile) };
  if (module === undefined || token === undefined || pinFile === undefined) throw new BoopError('node.custody', 'a token needs --module, --token and --pin-file');
  return { kind: 'pkcs11', module: resolve(module), tokenLabel: token, pinFile: resolve(pinFile) };
}

const membersTable = ({ networkId, threshold, testNetwork, members }: NetworkManifest): string =>
  [`${networkId}: ${members.length} nodes, threshold ${threshold}${testNetwork ? ', for tests' : ''}`, ...members.map(({ party, name, jurisdiction, host, linkPort, identityKey }) => `  ${party} ${name} (${jurisdiction}) ${host}:${linkPort} ${identityKey}`)].join('\n');

function sayProposal({ file, digest }: { file: string; digest: string | undefined }): void {
  write(digest === undefined ? `${file}: no node runs here; propose it with boop network propose\n` : `proposed ${digest} (${file}): the other custodians approve it with boop network approve\n`);
}

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const closed = new Promise<never>((_resolve, reject) => terminal.once('close', () => reject(new BoopError('join.unconfirmed', 'the fingerprint was not confirmed'))));
  try {
    return (await Promise.race([terminal.question(question), closed])).trim();
  } finally {
    closed.catch(() => undefined);
    terminal.close();
  }
}
