import { type NetworkManifest } from '@boop/protocol';
import { until } from '../network-harness.ts';
import { type ChaosNetwork } from './chaos-network.ts';
import { type Journal } from './journal.ts';

const reachTimeoutMs = 300_000;
const followTimeoutMs = 30_000;

/** All nodes deal new shares of everything to one another, while everything goes on. @returns whether gateway and ledger followed by themselves */
export async function refresh(network: ChaosNetwork, journal: Journal, epochOf: (party: number) => Promise<number>): Promise<boolean> {
  const { shown } = network;
  const next: NetworkManifest = { ...shown.manifest, epoch: shown.manifest.epoch + 1 };
  const startedMs = performance.now();
  journal.note(`to epoch ${next.epoch}`);
  network.propose(next);
  const behind = async (): Promise<number[]> => {
    const epochs = await Promise.all(next.members.map(async ({ party }) => ({ party, epoch: await epochOf(party).catch(() => 0) })));
    return epochs.filter(({ epoch }) => epoch !== next.epoch).map(({ party }) => party);
  };
  await until(async () => (await behind()).length === 0, reachTimeoutMs).catch(async () => journal.violation(`nodes ${(await behind()).join()} don't reach epoch ${next.epoch}`));
  journal.done('refresh', 'ok', 0, performance.now() - startedMs);
  const follows = await until(async () => ((await (await fetch(`${shown.gatewayUrl}/v1/network`)).json()) as { epoch: number }).epoch === next.epoch, followTimeoutMs).then(
    () => true,
    () => false,
  );
  network.adopt(next);
  journal.note(`epoch ${next.epoch} is reached${follows ? '' : '; the gateway is started anew with its manifest'}`);
  if (follows) return true;
  for (const name of ['gateway', 'ledger', 'attributes', 'bridge']) {
    if (network.isDown(name)) continue;
    await network.kill(name);
    network.revive(name);
  }
  return false;
}
