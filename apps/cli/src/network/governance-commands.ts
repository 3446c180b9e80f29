import { type Command, InvalidArgumentError } from 'commander';
import { askControlSocket, controlSocketIn } from '@boop/platform';
import { manifestProposalSchema, networkManifestSchema, type NetworkManifest, proposalStateSchema } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { z } from 'zod';
import { fingerprintOf } from '../node/first-manifest.ts';
import { base64Url32, readJsonOperand } from '../operands.ts';
import { table, type Write } from './display.ts';
import { changedManifest } from './manifest-change.ts';

const askTimeoutMs = 15_000;
const hoursMax = 720;
const viewSchema = z.object({ digest: z.string(), manifestHash: z.string(), proposal: manifestProposalSchema, state: proposalStateSchema, approvals: z.array(z.number()), rejections: z.array(z.number()), needed: z.number() });
type ProposalView = z.infer<typeof viewSchema>;

interface NodeFlag {
  readonly node: string;
}

interface FingerprintFlag {
  readonly fingerprint?: string;
}

/** `boop network propose|approve|reject|proposals|show`: a custodian decides on manifests, each by the own node. */
export function addGovernanceCommands(network: Command, write: Write): void {
  const ofNode = (name: string, description: string): Command => network.command(name).description(description).requiredOption('--node <folder>', "the custodian's node: its folder");
  ofNode('propose', 'propose the next manifest to the other custodians; without a file or changes, the same one with fresh shares')
    .argument('[file]', 'the next manifest')
    .option('--set <path=value>', 'one change to the manifest in force, for example members.2.linkPort=40414; may be repeated', (text: string, before: string[]) => [...before, text], [])
    .option('--hours <count>', 'how long it can be executed', hours, 24)
    .option('--fingerprint <fingerprint>', 'of the next manifest, as a custodian has read it out; it is refused with another one')
    .action(async (file: string | undefined, { node, set, hours: lasts, fingerprint }: NodeFlag & FingerprintFlag & { set: string[]; hours: number }) => {
      const manifest = file === undefined ? changedManifest(await inForce(node), set) : readJsonOperand(file);
      checkFingerprint(manifest, fingerprint);
      const { digest } = z.object({ digest: z.string() }).parse(await ask(node, { command: 'propose', manifest, lastsSeconds: lasts * 3_600 }));
      write(`${digest}\n`);
    });
  for (const decision of ['approve', 'reject'] as const) {
    ofNode(decision, `${decision} a proposal, by the identity key of the node`)
      .argument('<digest>', 'of the proposal', base64Url32)
      .option('--fingerprint <fingerprint>', 'of its manifest, as a custodian has read it out; nothing is done with another one')
      .action(async (digest: string, { node, fingerprint }: NodeFlag & FingerprintFlag) => {
        if (fingerprint !== undefined) checkFingerprint((await proposals(node)).find((view) => view.digest === digest)?.proposal.manifest, fingerprint);
        await ask(node, { command: 'decide', digest, decision });
        write(proposalTable((await proposals(node)).filter((view) => view.digest === digest)));
      });
  }
  ofNode('proposals', 'what was proposed, and where it stands').action(async ({ node }: NodeFlag) => write(proposalTable(await proposals(node))));
  ofNode('show', 'the manifest in force, or the one of a proposal')
    .argument('[digest]', 'of the proposal')
    .action(async (digest: string | undefined, { node }: NodeFlag) => {
      const shown = digest === undefined ? await inForce(node) : (await proposals(node)).find((view) => view.digest === digest)?.proposal;
      if (!shown) throw new BoopError('proposal.unknown', 'the node knows no such proposal');
      write(`${JSON.stringify(shown, null, 2)}\n`);
    });
}

/** @throws BoopError `proposal.other-fingerprint` */
export function checkFingerprint(manifest: unknown, fingerprint: string | undefined): void {
  if (fingerprint === undefined) return;
  const parsed = networkManifestSchema.safeParse(manifest);
  if (!parsed.success || fingerprintOf(parsed.data) !== fingerprint) throw new BoopError('proposal.other-fingerprint', 'the manifest has another fingerprint than the one that was read out');
}

const ask = async (node: string, request: object): Promise<unknown> => await askControlSocket(controlSocketIn(node), request, askTimeoutMs);

async function inForce(node: string): Promise<NetworkManifest> {
  const { manifest } = z.object({ manifest: networkManifestSchema.nullable() }).parse(await ask(node, { command: 'manifest' }));
  if (!manifest) throw new BoopError('proposal.not-a-member', 'this node has yet to join');
  return manifest;
}

const proposals = async (node: string): Promise<ProposalView[]> => z.object({ proposals: z.array(viewSchema) }).parse(await ask(node, { command: 'proposals' })).proposals.filter(({ proposal }) => proposal.previous !== null);

const proposalTable = (views: readonly ProposalView[]): string =>
  table(
    ['proposal', 'epoch', 'state', 'approved by', 'rejected by', 'until'],
    views.map(({ digest, proposal, state, approvals, rejections, needed }) => [
      digest,
      String(proposal.manifest.epoch),
      state,
      `${approvals.join(' ') || '-'} (${needed} needed)`,
      rejections.join(' ') || '-',
      proposal.window ? new Date(proposal.window.until * 1000).toISOString() : '-',
    ]),
  );

function hours(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > hoursMax) throw new InvalidArgumentError(`a whole number of hours up to ${hoursMax} is needed`);
  return value;
}
