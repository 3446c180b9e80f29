import { Command } from 'commander';
import { builtPrograms } from '../network/programs.ts';
import { wholeNumber } from '../whole-number.ts';
import { runServices } from './run-services.ts';
import { fingerprintOfServices, nameOf, verifyServices } from './service-descriptor.ts';
import { ServicesFolder } from './services-folder.ts';

const write = (text: string): void => void process.stdout.write(text);

/** `boop services …`: gateway, bridge, ledger and attributes service of a network whose nodes are with custodians. */
export function servicesCommand(): Command {
  const services = new Command('services').description('gateway, bridge, ledger and attributes service of a network whose nodes are with custodians');
  services
    .command('init')
    .description('make an identity for each service, and the file with which custodians accept them')
    .argument('<folder>')
    .requiredOption('--manifest <file>', "the network's manifest, from a custodian (network.json in a node's folder)")
    .requiredOption('--fingerprint <fingerprint>', 'of the manifest, as the custodians read it out')
    .option('--port-base <port>', 'first of the ports', wholeNumber(1, 65_435), 40_400)
    .action(async (directory: string, { manifest, fingerprint, portBase }: { manifest: string; fingerprint: string; portBase: number }) => {
      const { folder, services: signed } = await ServicesFolder.create(directory, { manifestFile: manifest, fingerprint, portBase });
      const described = verifyServices(signed);
      write(`${described.map((service) => `${nameOf(service).padEnd(16)} ${service.identityKey}\n`).join('')}fingerprint ${fingerprintOfServices(described)}\n`);
      write(`hand ${folder.path('services.json')} to every custodian: boop node accept\n`);
    });
  services
    .command('run')
    .description('run them until told to stop')
    .argument('<folder>')
    .action(async (folder: string) => process.exit(await runServices(folder, { programs: builtPrograms(), write })));
  return services;
}
