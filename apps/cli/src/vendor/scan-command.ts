import { CAPTURES_PER_SESSION, syntheticPalm } from '@boop/biometric';
import { SigningKey } from '@boop/identity';
import { authenticationSchema } from '@boop/protocol';
import { createRegistrationClient, encodeGreyBmp, presentByRest, systemRng } from '@boop/sdk';
import { BoopError, fromBase64Url, isBoopError } from '@boop/shared';
import { Command, Option } from 'commander';
import { type NetworkAccess, openAccess } from '../demo/network-access.ts';
import { httpUrl } from '../operands.ts';
import { wholeNumber } from '../whole-number.ts';

interface ScanOptions {
  readonly data?: string;
  readonly gateway?: string;
  readonly register?: boolean;
  readonly palm: number;
}

const position = 'right-palm';
/** Far from the numbers of the demo's people. */
const firstIdentity = 500_000;

/** `boop scan`: a scanner without a camera. It holds one person's palm, which belongs to nobody. */
export function scanCommand(): Command {
  return new Command('scan')
    .description('present a synthetic palm to a context of a running development network')
    .argument('[context]', 'id of the authentication')
    .option('--register', 'register the palm first, as a person at a kiosk does')
    .addOption(new Option('--palm <number>', 'whose palm').argParser(wholeNumber(0, 100_000)).default(0))
    .addOption(new Option('--data <dir>', 'data folder of the network (default .boop in the project)').env('BOOP_DATA'))
    .addOption(new Option('--gateway <url>', 'address of the gateway').env('GATEWAY').argParser(httpUrl))
    .action(async (context: string | undefined, options: ScanOptions) => {
      if (context === undefined && !options.register) throw new BoopError('cli.usage', 'either the id of an authentication or --register is needed');
      const access = openAccess(options);
      if (options.register) process.stdout.write(`palm ${options.palm}: ${await register(access, options.palm)}\n`);
      if (context !== undefined) process.stdout.write(`${context}: ${await present(access, context, options.palm)}\n`);
    });
}

const captureOf = (palm: number, capture: number): Uint8Array => encodeGreyBmp(syntheticPalm({ identity: firstIdentity + palm, position, capture }));

async function register({ gatewayUrl, pin }: NetworkAccess, palm: number): Promise<string> {
  const { bridgeUrl } = (await (await fetch(`${gatewayUrl}/v1/network`)).json()) as { bridgeUrl: string };
  const captures = [0, 1, 2].map((capture) => captureOf(palm, capture));
  try {
    await createRegistrationClient({ bridgeUrl, pin }).register({ accountKey: SigningKey.generate(systemRng), positions: { [position]: captures }, onConsent: () => Promise.resolve(true) });
    return 'registered';
  } catch (error) {
    if (isBoopError(error) && error.code === 'registration.duplicate') return 'registered before';
    throw error;
  }
}

/** A capture of another day than the registration's. @returns status of the context */
async function present({ gatewayUrl, terminal, pin }: NetworkAccess, context: string, palm: number): Promise<string> {
  const answer = await fetch(`${gatewayUrl}/v1/authentications/${encodeURIComponent(context)}`, { headers: { authorization: `Bearer ${terminal.key}` } });
  if (!answer.ok) throw new BoopError('request.not-found', 'the terminal of this network has no such context');
  const authentication = authenticationSchema.parse(await answer.json());
  const device = SigningKey.fromSecret(fromBase64Url(terminal.deviceSecret));
  const { status, result } = await presentByRest({ gatewayUrl, terminalKey: terminal.key, device, authentication, capture: captureOf(palm, CAPTURES_PER_SESSION), pin });
  return result === undefined ? status : `${status} (${result.reason})`;
}
