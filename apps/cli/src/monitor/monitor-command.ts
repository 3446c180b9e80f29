import { Command, InvalidArgumentError } from 'commander';
import { fromHere } from '../demo/network-access.ts';
import { runMonitor } from './run-monitor.ts';

interface MonitorFlags {
  readonly key: string;
  readonly data: string;
  readonly name: string;
  readonly listen?: { host: string; port: number };
  readonly peer: string[];
  readonly cosigner: string[];
  readonly quorum: number;
  readonly ageMax: number;
  readonly interval: number;
  readonly once: boolean;
}

/** `boop monitor URL --key VKEY`: exit code 0 as long as nothing was wrong, 2 once there is evidence against the log, 1 for other alarms with `--once`. */
export function monitorCommand(): Command {
  return new Command('monitor')
    .description('follow a log and its map, verify everything, cosign it, keep evidence of what is wrong')
    .argument('<url>', 'where the log is served (C2SP tlog-tiles)')
    .requiredOption('--key <vkey>', "the log's key, name+hash+base64, from the network's manifest or people that you trust")
    .option('--data <folder>', "the monitor's folder: its key, its copy of the log, evidence", 'boop-monitor')
    .option('--name <name>', 'the name under which it cosigns', 'monitor.example/boop')
    .option('--listen <host:port>', 'offer what was seen to other monitors', address)
    .option('--peer <url>', 'another monitor to compare with; repeat for more', collect, [])
    .option('--cosigner <vkey>', 'a node or witness that should cosign; repeat for more', collect, [])
    .option('--quorum <count>', 'how many of these must have', wholeNumber, 0)
    .option('--age-max <seconds>', 'cosignatures older than this count for nothing', wholeNumber, 3_600)
    .option('--interval <ms>', 'time between two looks', wholeNumber, 2_000)
    .option('--once', 'look once and end', false)
    .action(async (url: string, { data, peer, cosigner, ...flags }: MonitorFlags) => {
      process.exitCode = await runMonitor({ url, folder: fromHere(data), peers: peer, cosigners: cosigner, write: (text) => void process.stdout.write(text), ...flags });
    });
}

const collect = (one: string, all: string[]): string[] => [...all, one];

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number is needed');
  return Number(text);
}

function address(text: string): { host: string; port: number } {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535) throw new InvalidArgumentError('host:port is needed, such as 127.0.0.1:40500');
  return { host, port: Number(port) };
}
