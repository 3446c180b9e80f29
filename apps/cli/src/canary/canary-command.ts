import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { syntheticPalm } from '@boop/biometric';
import { SigningKey } from '@boop/identity';
import { createRegistrationClient, createTerminalClient, createVendorClient, encodeGreyBmp, systemRng } from '@boop/sdk';
import { fromBase64Url, isBoopError } from '@boop/shared';
import { Command, Option } from 'commander';
import { fromHere, type NetworkAccess, openAccess } from '../demo/network-access.ts';
import { presentOne } from '../demo/recognition.ts';
import { Story } from '../demo/story.ts';
import { DEFAULT_DATA_DIRECTORY } from '../network/layout.ts';
import { httpUrl } from '../operands.ts';
import { wholeNumber } from '../whole-number.ts';
import { type CanaryFinding, type CanaryNetwork, canaryRound } from './canary-round.ts';
import { readCanaries, writeCanaries } from './canary-store.ts';

interface CanaryCommandOptions {
  readonly count: number;
  readonly every: number;
  readonly matches: number;
  readonly once: boolean;
  readonly data?: string;
  readonly gateway?: string;
}

const presentationsMax = 3;
const position = 'right-palm';

/** `boop canary`: palms that belong to nobody, presented now and then; exit code 2 when the network does not find one. */
export function canaryCommand(): Command {
  return new Command('canary')
    .description('register palms that belong to nobody and check that they are found: a node that hides matches shows')
    .addOption(new Option('--count <count>', 'canaries that no node can know yet').argParser(wholeNumber(1, 100)).default(3))
    .addOption(new Option('--every <seconds>', 'pause between checks').argParser(wholeNumber(1, 86_400)).default(600))
    .addOption(new Option('--matches <count>', 'matches after which a canary is replaced; it is known to the nodes after the first').argParser(wholeNumber(1, 1000)).default(1))
    .option('--once', 'one check, then end', false)
    .option('--data <dir>', 'data folder of the network (default .boop in the project)')
    .option('--gateway <url>', 'address of the gateway, when it is not on this machine at its usual port', httpUrl)
    .action(async (options: CanaryCommandOptions) => {
      try {
        process.exitCode = await run(options);
      } catch (error) {
        if (!isBoopError(error)) throw error;
        console.error(`${error.message} (${error.code})`);
        process.exitCode = 1;
      }
    });
}

async function run({ count, every, matches, once, data, gateway }: CanaryCommandOptions): Promise<number> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const file = join(data === undefined ? DEFAULT_DATA_DIRECTORY : fromHere(data), 'canaries.json');
  const { network, close } = await connect(openAccess({ data, gateway }), stop.signal);
  const options = { count, matchesMax: matches, presentationsMax, below: (bound: number) => randomInt(bound) };
  let suppressed = 0;
  try {
    for (;;) {
      const { finding } = await canaryRound(await readCanaries(file), network, options, (canaries) => writeCanaries(file, canaries));
      console.log(`${new Date().toISOString()} ${wordsFor(finding)}`);
      if (finding.kind === 'suppressed') suppressed += 1;
      if (once) return finding.kind === 'found' ? 0 : finding.kind === 'suppressed' ? 2 : 1;
      await sleep(every * 1000, undefined, { signal: stop.signal });
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    return suppressed > 0 ? 2 : 0;
  } finally {
    close();
  }
}

function wordsFor(finding: CanaryFinding): string {
  if (finding.kind === 'found') return 'canary found';
  if (finding.kind === 'suppressed') return `CANARY NOT FOUND in ${finding.presentations} presentations: a node may be hiding matches`;
  return `no answer (${finding.code})`;
}

async function connect({ gatewayUrl, vendor: account, terminal: credentials, pin }: NetworkAccess, signal: AbortSignal): Promise<{ network: CanaryNetwork; close: () => void }> {
  const access = { gatewayUrl, apiKey: account.apiKey, vendorId: account.id, pin };
  const { bridgeUrl, issuer, log } = await createVendorClient(access).network();
  const vendor = createVendorClient({ ...access, bridgeUrl, issuer, logVerifierKey: log.verifierKey });
  const terminal = createTerminalClient({ bridgeUrl, terminalKey: credentials.key, device: SigningKey.fromSecret(fromBase64Url(credentials.deviceSecret)), pin });
  await terminal.connect();
  const registration = createRegistrationClient({ bridgeUrl, pin });
  const shop = { vendor, terminal, terminalId: credentials.id };
  const story = new Story();
  const image = (identity: number, capture: number): Uint8Array => encodeGreyBmp(syntheticPalm({ identity, position, capture }));
  return {
    network: {
      async register(identity) {
        await registration.register({ accountKey: SigningKey.generate(systemRng), positions: { [position]: [0, 1, 2].map((capture) => image(identity, capture)) }, onConsent: () => Promise.resolve(true), signal });
      },
      present: async (identity, capture) =>
        await presentOne(shop, { palm: 'canary', expected: 'accept', capture: { name: 'canary', load: () => Promise.resolve(image(identity, capture)) } }, story, signal),
    },
    close() {
      vendor.close();
      terminal.close();
    },
  };
}
