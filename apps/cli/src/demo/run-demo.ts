import { writeFile } from 'node:fs/promises';
import { SigningKey } from '@boop/identity';
import { type NetworkInfo } from '@boop/protocol';
import { createRegistrationClient, createTerminalClient, createVendorClient, type TerminalClient, type VendorClient } from '@boop/sdk';
import { fromBase64Url, isBoopError } from '@boop/shared';
import { type NetworkAccess, noNetwork } from './network-access.ts';
import { type Plan } from './plan.ts';
import { collectProofs } from './proofs.ts';
import { presentAll } from './recognition.ts';
import { registerAgain, registerAll } from './registrations.ts';
import { type DemoReport, reportOf, shortcomings } from './report.ts';
import { type Story } from './story.ts';

export interface DemoInput {
  readonly plan: Plan;
  readonly access: NetworkAccess;
  readonly concurrency: number;
  /** Registration needs all nodes; without it the palms are those of an earlier run. */
  readonly registration: boolean;
  readonly jsonFile: string | undefined;
  readonly story: Story;
  readonly signal: AbortSignal;
}

/**
 * Registration, recognition, strangers, second registrations, proofs; all by the SDK against a running network.
 * @returns whether everything was as it should be
 * @throws BoopError `demo.no-network`, and what stops a registration
 */
export async function runDemo(input: DemoInput): Promise<boolean> {
  const { story, access } = input;
  const { gatewayUrl, pin } = access;
  const account = { gatewayUrl, apiKey: access.vendor.apiKey, vendorId: access.vendor.id, pin };
  const network = await unlessAway(createVendorClient(account).network(), gatewayUrl);
  const { bridgeUrl, issuer } = network;
  const vendor = createVendorClient({ ...account, bridgeUrl, issuer, logVerifierKey: network.log.verifierKey });
  const device = SigningKey.fromSecret(fromBase64Url(access.terminal.deviceSecret));
  const terminal = createTerminalClient({ bridgeUrl, terminalKey: access.terminal.key, device, pin });
  try {
    await unlessAway(terminal.connect(), bridgeUrl);
    const report = await tell(input, { vendor, terminal, network });
    if (input.jsonFile !== undefined) await writeFile(input.jsonFile, `${JSON.stringify(report, undefined, 2)}\n`);
    return conclude(report, input, story);
  } finally {
    vendor.close();
    terminal.close();
  }
}

async function unlessAway<T>(answer: Promise<T>, url: string): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (isBoopError(error) && (error.code === 'connection.lost' || error.code === 'wait.timeout')) throw noNetwork(`no network answers at ${url}`);
    throw error;
  }
}

async function tell(input: DemoInput, clients: { vendor: VendorClient; terminal: TerminalClient; network: NetworkInfo }): Promise<DemoReport> {
  const { plan, access, story, signal, concurrency } = input;
  const { vendor, network } = clients;
  const shop = { ...clients, terminalId: access.terminal.id };
  const registration = createRegistrationClient({ bridgeUrl: network.bridgeUrl, pin: access.pin });

  story.line(`Network ${network.networkId}: ${network.nodes} nodes, of which any ${network.threshold} may be curious or lie. No node, nor anybody between, ever sees a palm.`);

  const enrolments = input.registration ? plan.enrolments : [];
  let registered = 0;
  if (input.registration) {
    story.chapter(`1  ${enrolments.length} people register a palm`);
    registered = await registerAll(registration, enrolments, story, signal);
  }

  story.chapter(`2  They come back: ${plan.genuine.length} other captures of their palms`);
  const genuine = await presentAll(shop, plan.genuine, { concurrency, story, signal });
  story.line(`  ${verdict(story, genuine.filter(({ decision }) => decision === 'accept').length, genuine.length, 'recognised, each with a token that the nodes signed together')}`);

  const people = new Set(genuine.flatMap(({ sub }) => sub ?? [])).size;
  story.line(story.quiet(`  the shop sees ${people} pseudonyms, and another shop would see others`));

  story.chapter(`3  Strangers try: ${plan.impostor.length} captures of palms that nobody registered`);
  const impostor = await presentAll(shop, plan.impostor, { concurrency, story, signal });
  story.line(`  ${verdict(story, impostor.filter(({ decision }) => decision === 'reject').length, impostor.length, 'turned away')}`);

  let refused = 0;
  if (input.registration) {
    story.chapter('4  The same palms again, under other names');
    refused = await registerAgain(registration, enrolments, story, signal);
  }

  story.chapter('5  What the log says');
  const results = [...genuine, ...impostor];
  const checkpointKey = network.log.verifierKey;
  const proofs = await collectProofs(vendor, results, checkpointKey, story, signal);
  story.line(`  ${verdict(story, proofs.size, results.length, 'decisions proven to be in the log, under a checkpoint that the nodes signed')}`);

  return reportOf({
    nodes: network.nodes,
    threshold: network.threshold,
    registered,
    duplicates: { tried: enrolments.length, refused },
    results,
    proofs,
    jwksUrl: network.jwksUrl,
    checkpointKey,
  });
}

const verdict = (story: Story, count: number, of: number, words: string): string => (count === of ? story.good : story.bad)(`${count} of ${of} ${words}`);

function conclude(report: DemoReport, { plan, registration, jsonFile }: DemoInput, story: Story): boolean {
  const { genuine, impostor, duplicates, authenticateMs, results } = report;
  story.line();
  story.table([
    ['', 'tried', 'as it should be'],
    ...(registration ? [['registrations', String(plan.enrolments.length), report.registered === plan.enrolments.length ? String(report.registered) : `${report.registered} new`]] : []),
    ['genuine, accepted', String(genuine.tried), String(genuine.accepted)],
    ['strangers, refused', String(impostor.tried), String(impostor.tried - impostor.accepted)],
    ['second registrations, refused', String(duplicates.tried), String(duplicates.refused)],
    ['tokens verified (JWKS)', String(genuine.accepted + impostor.accepted), String(report.tokensVerified)],
    ['log proofs verified', String(results.length), String(report.proofsVerified)],
  ]);
  story.line(`\n  One authentication: ${authenticateMs.p50} ms (median), ${authenticateMs.p95} ms (95th percentile), from the capture to the verified token.`);
  const faults = shortcomings(report);
  story.line();
  for (const fault of faults) story.line(story.bad(fault));
  if (faults.length === 0) story.line(story.good('Everything was as it should be.'));
  story.line('\nWhat to try next');
  if (jsonFile !== undefined) story.line(`  ${jsonFile} holds all tokens and proofs: check them with your own tools`);
  story.line('  the console, whose address npm start printed, shows the nodes, the events and the log');
  story.line('  kill a node (npm run boop -- network node kill 2), then the same demo with --no-registration; without a second one the log proofs wait for it');
  return faults.length === 0;
}
