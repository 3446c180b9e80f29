import { epochSkew, type NetworkManifest, type NodeStatus, quorumLeft } from '@boop/protocol';
import { Counter, Gauge, type Registry } from 'prom-client';
import { type NodePool } from './node-pool.ts';

/** What an operator has to see coming: nodes that may still fail, epochs and clocks that drift apart. */
export function watchNodes(registry: Registry, manifest: Pick<NetworkManifest, 'members' | 'threshold' | 'epoch'>, statuses: () => readonly NodeStatus[]): void {
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[], collect: (this: Gauge<Label>) => void): void => void new Gauge({ name, help, labelNames, registers: [registry], collect });
  gauge('boop_network_quorum_left', 'Nodes that may fail before a function of the network ends; below 0 where it has', ['function'], function () {
    const ready = statuses().filter((status) => status.ready).length;
    for (const [name, left] of Object.entries(quorumLeft(ready, { nodes: manifest.members.length, threshold: manifest.threshold }))) this.set({ function: name }, left);
  });
  gauge('boop_network_epoch', 'Epoch of the manifest that the gateway follows', [], function () {
    this.set(manifest.epoch);
  });
  gauge('boop_network_epoch_skew', 'Epochs between the node that is furthest ahead and the one that is furthest behind', [], function () {
    this.set(epochSkew(statuses().flatMap(({ epoch }) => epoch ?? [])));
  });
  gauge('boop_network_clock_offset_seconds', "How far a node's clock is ahead of the gateway's", ['party'], function () {
    this.reset();
    for (const { party, clockOffsetSeconds } of statuses()) if (clockOffsetSeconds !== undefined) this.set({ party: String(party) }, clockOffsetSeconds);
  });
}

/** How busy the nodes are, as far as this gateway asks them. */
export function watchLoad(registry: Registry, load: () => NodePool['load']): void {
  new Gauge({
    name: 'boop_searches', help: 'Authentications at the nodes: places for them, those that have one, those that wait for one', labelNames: ['state'], registers: [registry],
    collect() {
      const { limit, active, waiting } = load();
      for (const [state, count] of Object.entries({ places: limit, active, waiting })) this.set({ state }, count);
    },
  });
  new Counter({
    name: 'boop_searches_refused_total', help: 'Authentications refused because the nodes had enough to do', registers: [registry],
    collect() {
      this.reset();
      this.inc(load().refused);
    },
  });
}
