import { expect, test } from '@jest/globals';
import { type NodeStatus } from '@boop/protocol';
import { askNodeTable, nodeTable } from './node-table.ts';

test('nodes, their epochs and clocks, and what may still fail', () => {
  const node = (party: number, more: Partial<NodeStatus>): NodeStatus => ({ party, name: `node-${party}`, jurisdiction: 'CH', live: true, ready: true, epoch: 2, galleryRows: 7, clockOffsetSeconds: 0.0012, ...more });
  const shown = nodeTable({ nodes: 4, threshold: 1, epoch: 2 }, [node(1, {}), node(2, { epoch: 1, clockOffsetSeconds: -75 }), node(3, { ready: false }), { party: 4, name: 'node-4', jurisdiction: 'DE', live: false, ready: false }]);
  expect(shown.split('\n')).toEqual([
    '',
    '  (4,1), epoch 2, nodes are 1 apart',
    '  node  name    in  state      epoch  rows  clock',
    '  ────  ──────  ──  ─────────  ─────  ────  ─────────',
    '  1     node-1  CH  ready      2      7     0.001 s',
    '  2     node-2  CH  ready      1      7     -75.000 s',
    '  3     node-3  CH  not ready  2      7     0.001 s',
    '  4     node-4  DE  down       -      -     -',
    '',
    '  function                 nodes that may fail',
    '  ───────────────────────  ───────────────────',
    '  authentication           ended: 1 too few',
    '  verified-authentication  ended: 2 too few',
    '  registration             ended: 2 too few',
    '  log                      ended: 1 too few',
    '',
  ]);
});

test('nothing is shown of a network whose gateway does not answer', async () => {
  expect(await askNodeTable('http://127.0.0.1:1')).toBe('');
});
