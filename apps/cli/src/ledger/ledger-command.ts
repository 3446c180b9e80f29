import { readFileSync, writeFileSync } from 'node:fs';
import { BoopError } from '@boop/shared';
import { Command, InvalidArgumentError } from 'commander';
import { fromHere } from '../demo/network-access.ts';
import { checkCommand } from './check-command.ts';
import { proveAccount, proveEntry, proveIndex } from './prove.ts';
import { verifyText } from './verify.ts';

/** `boop ledger prove|verify`: proofs from a ledger, and what they show, checked offline. Exit code 1 for anything that doesn't verify. */
export function ledgerCommand(): Command {
  const ledger = new Command('ledger').description('prove what the log holds, and verify proofs and evidence offline');
  ledger
    .command('prove')
    .description('fetch a proof and verify it; one of --index, --entry and --account')
    .argument('<url>', 'where the log is served')
    .requiredOption('--key <vkey>', "the log's key, name+hash+base64")
    .option('--index <number>', 'place of an entry; proven from the tiles alone, with any log', index)
    .option('--entry <hash>', 'SHA-256 of an entry, base64url')
    .option('--account <identifier>', 'an account of the map (also needs --vrf-key)')
    .option('--vrf-key <key>', "the map's VRF key, base64url")
    .option('--tlog-proof', 'with --index: write a C2SP tlog-proof', false)
    .option('--out <file>', 'write the proof there instead of standard output')
    .action(async (url: string, flags: ProveFlags) => {
      const text = await prove(url, flags);
      if (flags.out === undefined) process.stdout.write(text);
      else writeFileSync(fromHere(flags.out), text);
    });
  ledger
    .command('verify')
    .description('verify a proof, or evidence against a log, without network')
    .argument('<file>', 'what `boop ledger prove` or `boop monitor` wrote')
    .requiredOption('--key <vkey>', "the log's key, name+hash+base64")
    .option('--cosigner <vkey>', 'a known cosigner; repeat for more', (one: string, all: string[]) => [...all, one], [])
    .option('--quorum <count>', 'how many of them must have cosigned', index, 0)
    .option('--account <identifier>', 'the account that the proof should be about')
    .option('--vrf-key <key>', "the map's VRF key, base64url")
    .option('--entry <file>', 'the entry that a tlog-proof is about')
    .action((file: string, { cosigner, entry, ...flags }: VerifyFlags) => {
      const known = entry === undefined ? undefined : new Uint8Array(readFileSync(fromHere(entry)));
      process.stdout.write(`${verifyText(readFileSync(fromHere(file), 'utf8'), { ...flags, cosigners: cosigner, entry: known })}\n`);
    });
  ledger.addCommand(checkCommand());
  return ledger;
}

interface ProveFlags {
  readonly key: string;
  readonly index?: number;
  readonly entry?: string;
  readonly account?: string;
  readonly vrfKey?: string;
  readonly tlogProof: boolean;
  readonly out?: string;
}

interface VerifyFlags {
  readonly key: string;
  readonly cosigner: string[];
  readonly quorum: number;
  readonly account?: string;
  readonly vrfKey?: string;
  readonly entry?: string;
}

async function prove(url: string, { key, index: at, entry, account, vrfKey, tlogProof }: ProveFlags): Promise<string> {
  if ([at, entry, account].filter((one) => one !== undefined).length !== 1) throw new BoopError('ledger.usage', 'give one of --index, --entry and --account');
  if (at !== undefined) {
    const { json, text } = await proveIndex(url, key, at);
    return tlogProof ? text : pretty(json);
  }
  if (entry !== undefined) return pretty(await proveEntry(url, key, entry));
  if (vrfKey === undefined) throw new BoopError('ledger.usage', '--account needs --vrf-key');
  return pretty(await proveAccount(url, key, vrfKey, account!));
}

const pretty = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`;

function index(text: string): number {
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError('a whole number is needed');
  return value;
}
