import { expect, test } from '@jest/globals';
import { type NodeStatus } from '@boop/protocol';
import { Registry } from 'prom-client';
import { watchLoad, watchNodes } from './node-metrics.ts';

test('what is left of the quorum, epochs and clocks are told as they are at the moment', async () => {
  const registry = new Registry();
  const manifest = { members: [1, 2, 3, 4, 5].map((party) => ({ party })), threshold: 1, epoch: 3 } as unknown as Parameters<typeof watchNodes>[1];
  const node = (party: number, epoch: number, clockOffsetSeconds: number): NodeStatus => ({ party, name: `node-${party}`, jurisdiction: 'CH', live: true, ready: true, epoch, clockOffsetSeconds });
  let statuses: NodeStatus[] = [node(1, 3, 0.002), node(2, 3, -70), node(3, 2, 0), node(4, 3, 0), { party: 5, name: 'node-5', jurisdiction: 'CH', live: false, ready: false }];
  watchNodes(registry, manifest, () => statuses);
  const lines = async (): Promise<string[]> => (await registry.metrics()).split('\n').filter((line) => line.startsWith('boop_'));
  expect(await lines()).toEqual([
    'boop_network_quorum_left{function="authentication"} 1',
    'boop_network_quorum_left{function="verified-authentication"} 0',
    'boop_network_quorum_left{function="registration"} -1',
    'boop_network_quorum_left{function="log"} 0',
    'boop_network_epoch 3',
    'boop_network_epoch_skew 1',
    'boop_network_clock_offset_seconds{party="1"} 0.002',
    'boop_network_clock_offset_seconds{party="2"} -70',
    'boop_network_clock_offset_seconds{party="3"} 0',
    'boop_network_clock_offset_seconds{party="4"} 0',
  ]);
  statuses = statuses.slice(0, 2);
  expect((await lines()).filter((line) => line.includes('party'))).toHaveLength(2);
});

test('places at the nodes, who has one and who waits are told, and refusals counted once', async () => {
  const registry = new Registry();
  watchLoad(registry, () => ({ limit: 4, active: 3, waiting: 2, refused: 7 }));
  const lines = async (): Promise<string[]> => (await registry.metrics()).split('\n').filter((line) => line.startsWith('boop_'));
  await lines();
  expect(await lines()).toEqual(['boop_searches{state="places"} 4', 'boop_searches{state="active"} 3', 'boop_searches{state="waiting"} 2', 'boop_searches_refused_total 7']);
});
