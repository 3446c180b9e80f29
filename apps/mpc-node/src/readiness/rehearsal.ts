import { type AuthenticationContext, sessionIdOf, SigningKey } from '@boop/identity';
import { type Kernel } from '@boop/kernels';
import { countValid, palmStatistic, parseShare, splitTemplate } from '@boop/mpc';
import { RunRegistry, silentLogger } from '@boop/platform';
import { heldHpkeKeyPair, type NetworkManifest, parseManifest, type SealedSplit, sealSplit, type SplitHeader } from '@boop/protocol';
import { BoopError, type Clock, partyId, type PartyId, type Rng, toBase64Url } from '@boop/shared';
import { type AssembledNode, assembleNode } from '../assemble.ts';
import { peerMethods } from '../link/peer-methods.ts';
import { type Peers } from '../link/peers.ts';
import { networkOf } from '../network.ts';
import { passingCustody } from './passing-custody.ts';
import { passingStores } from './passing-stores.ts';

const parties = [1, 2, 3, 4].map(partyId);
const threshold = 1;
const encoder = 'palm-compcode-1';
const networkId = 'rehearsal';
const theta = 100;
/** Of everything that has just been loaded, V8 optimises what ran a few times. */
const authentications = 2;
const pixels = 1_024;

interface Actor {
  readonly node: AssembledNode;
  readonly registry: RunRegistry;
  readonly bootId: Uint8Array;
}

/**
 * An authentication of nobody, by four nodes that exist in this process for its time, with keys, gallery and stores of their own: nothing of the real node is read or written, no
 * budget, no log, no link. What the first person would wait for has been loaded and compiled then. Some 0.8 s of CPU in a process that has just started.
 * @throws BoopError when they don't agree; nothing depends on it
 */
export async function rehearse(kernel: Kernel, clock: Clock, rng: Rng): Promise<void> {
  const custodies = parties.map(passingCustody);
  const manifest = parseManifest({
    v: 1,
    networkId,
    testNetwork: true,
    epoch: 1,
    threshold,
    members: custodies.map(({ identityPublicKey, hpkePublicKey }, at) => ({ party: at + 1, name: `actor-${at + 1}`, jurisdiction: 'ZZ', identityKey: toBase64Url(identityPublicKey), hpkeKey: toBase64Url(hpkePublicKey), host: '127.0.0.1', linkPort: at + 1 })),
    logOrigin: 'rehearsal.invalid/log',
    operatingPoints: [{ id: 'default', encoder, falseMatchRate: 1e-6, theta }],
    defaultOperatingPoint: 'default',
    consentTexts: [{ version: 'none', locale: 'en', title: 'None', text: 'Nobody takes part.' }],
  });
  const actors = new Map<PartyId, Actor>();
  try {
    custodies.forEach((custody, at) => {
      const self = parties[at]!;
      const registry = new RunRegistry();
      const node = assembleNode({
        network: networkOf(manifest, self),
        peers: peersAmong(actors, self),
        registry,
        kernel,
        custody,
        hpke: heldHpkeKeyPair(custody.hpkePublicKey, (publicKey) => custody.agreeHpke(publicKey)),
        stores: passingStores(),
        storage: { open: () => Promise.resolve([]) },
        clock,
        rng,
        log: silentLogger,
        pool: { lanesTarget: 2_048, lanesPerBatch: 2_048 },
        rescanOneIn: 0,
      });
      actors.set(self, { node, registry, bootId: rng.bytes(16) });
    });
    const nodes = [...actors.values()].map(({ node }) => node);
    for (const name of ['token', 'prf'] as const) {
      const ceremonyId = rng.bytes(16);
      await Promise.all(
        nodes.map(async ({ ceremonies, ring }) => {
          await ring.keep(name, ceremonyId, await ceremonies.make(name, ceremonyId));
          await ring.confirm(name, ceremonyId);
        }),
      );
    }
    const palm = randomTemplate(rng);
    addRow(nodes, palm, clock, rng);
    for (let i = 0; i < authentications; i++) {
      const { accepted, reason } = await nodes[i]!.authentications.run(await probe(manifest, palm, clock, rng));
      if (!accepted) throw new BoopError('rehearsal.refused', `nobody was refused: ${reason}`, { kind: 'fatal' });
    }
  } finally {
    for (const { node, registry } of actors.values()) {
      node.wipe();
      registry.close();
    }
  }
}

/** Calls in place of links, through the same schemas. */
function peersAmong(actors: ReadonlyMap<PartyId, Actor>, self: PartyId): Peers {
  return {
    self,
    live: () => [...parties],
    roundTripMs: () => 0,
    bootIdOf: (party) => actors.get(party)?.bootId,
    async request(to, method, body) {
      const actor = actors.get(to);
      if (!actor) throw new BoopError('link.unavailable', 'no such node', { kind: 'unavailable' });
      const { handlers } = actor.node;
      if (to === self) return await handlers[method](self, body);
      await new Promise((resolve) => setImmediate(resolve));
      const answer = await handlers[method](self, peerMethods[method].body.parse(body) as typeof body);
      return peerMethods[method].answer.parse(answer) as typeof answer;
    },
    sendSession(to, runId, payload, released) {
      const sent = payload.slice();
      released?.();
      setImmediate(() => actors.get(to)?.registry.deliver(self, runId, sent));
    },
  };
}

/** All pixels valid, three fair bits each. */
function randomTemplate(rng: Rng): Int8Array {
  const bits = rng.bytes(palmStatistic.coordinates - pixels);
  return Int8Array.from({ length: palmStatistic.coordinates }, (_, at) => (at >= bits.length || (bits[at]! & 1) === 0 ? 1 : -1));
}

function addRow(nodes: readonly AssembledNode[], palm: Int8Array, clock: Clock, rng: Rng): void {
  const hash = (): string => toBase64Url(rng.bytes(32));
  const record = { v: 1 as const, networkId, epoch: 1, sessionId: hash(), splitHash: hash(), consent: hash(), subjectId: toBase64Url(rng.bytes(16)), firstSlot: 0, positions: ['right-palm' as const], encoder, verified: true, time: Math.floor(clock.nowMs() / 1000) };
  const shares = splitTemplate(palm, palmStatistic, { nodes: nodes.length, threshold }, rng);
  nodes.forEach(({ gallery }, at) => gallery.append(record, [parseShare(shares[at]!, palmStatistic)]));
}

async function probe(manifest: NetworkManifest, palm: Int8Array, clock: Clock, rng: Rng): Promise<{ context: AuthenticationContext; split: SealedSplit }> {
  const issuedAt = Math.floor(clock.nowMs() / 1000);
  const context: AuthenticationContext = {
    v: 1,
    kind: 'authentication',
    networkId,
    contextId: 'rehearsal',
    issuer: 'https://rehearsal.invalid',
    vendorId: 'nobody',
    sector: 'rehearsal.invalid',
    type: 'access',
    nonce: toBase64Url(rng.bytes(16)),
    policy: { operatingPoint: 'default', acceptUnverified: false, acceptGatewaySplit: false },
    issuedAt,
    expiresAt: issuedAt + 30,
  };
  const header: SplitHeader = { v: 1, networkId, epoch: 1, encoder, splitAt: 'edge', purpose: 'authentication', sessionId: sessionIdOf(context), items: [{ role: 'probe', valid: countValid(palmStatistic, palm) }] };
  const shares = splitTemplate(palm, palmStatistic, { nodes: manifest.members.length, threshold }, rng);
  return { context, split: await sealSplit(header, shares, manifest.members, SigningKey.generate(rng)) };
}
