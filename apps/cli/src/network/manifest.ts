import { existsSync, readFileSync } from 'node:fs';
import { passivePalmCheck } from '@boop/biometric';
import { openFileCustody, systemRng, writeFileAtomic } from '@boop/platform';
import { type Member, type NetworkManifest, parseManifest } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { join } from 'node:path';
import { consentTexts } from './consent-texts.ts';
import { type DevCredentials } from './credentials.ts';
import { type NetworkState } from './data-directory.ts';
import { type Layout, nodeFolder, nodeName } from './layout.ts';
import { operatingMenu } from './operating-menu.ts';
import { HOST, type PortPlan } from './ports.ts';

/** One jurisdiction each, as a real network must have. */
const JURISDICTIONS = ['CH', 'DE', 'EE', 'FI', 'IS', 'NL', 'NO'];

/**
 * Writes `network.json` when there is none; a later start only moves its ports. Keys are made in each node's own folder, and only their
 * public halves leave it.
 */
export function ensureManifest(layout: Layout, state: NetworkState, ports: PortPlan, credentials: DevCredentials): NetworkManifest {
  const existing = existsSync(layout.manifest) ? parseManifest(JSON.parse(readFileSync(layout.manifest, 'utf8'))) : undefined;
  const manifest = existing ? withPorts(existing, ports) : newManifest(layout, state, ports, credentials);
  writeFileAtomic(layout.manifest, `${JSON.stringify(manifest, null, 2)}\n`, 0o644);
  return manifest;
}

const withPorts = (manifest: NetworkManifest, ports: PortPlan): NetworkManifest => ({
  ...manifest,
  members: manifest.members.map((member, at) => ({ ...member, linkPort: ports.nodes[at]!.link })),
});

function newManifest(layout: Layout, state: NetworkState, ports: PortPlan, { terminal }: DevCredentials): NetworkManifest {
  return parseManifest({
    v: 1,
    networkId: state.networkId,
    testNetwork: true,
    epoch: 1,
    threshold: state.threshold,
    members: ports.nodes.map(({ link }, at) => newMember(layout, at + 1, link)),
    logOrigin: `log.boop.invalid/${state.networkId}`,
    ...operatingMenu(),
    consentTexts,
    // The demonstration's terminal runs the check itself, so that its verdicts say no more than the terminal does.
    livenessChecks: [{ id: passivePalmCheck.id, level: 1, publicKey: terminal.deviceKey }],
  });
}

function newMember(layout: Layout, party: number, linkPort: number): Member {
  const custody = openFileCustody(join(layout.of(nodeFolder(party)), 'keys'), systemRng);
  try {
    return {
      party,
      name: nodeName(party),
      jurisdiction: JURISDICTIONS[party - 1]!,
      identityKey: toBase64Url(custody.identityPublicKey),
      hpkeKey: toBase64Url(custody.hpkePublicKey),
      host: HOST,
      linkPort,
    };
  } finally {
    custody.destroy();
  }
}
