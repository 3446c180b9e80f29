import { describe, expect, test } from '@jest/globals';
import { newParameters, resumedParameters } from './parameters.ts';
import { portPlan } from './ports.ts';

describe('parameters of a new network', () => {
  test.each([
    [{}, { nodes: 5, threshold: 1, portBase: 40_400 }],
    [{ nodes: 7 }, { nodes: 7, threshold: 2, portBase: 40_400 }],
    [{ nodes: 5, threshold: 2, portBase: 50_000 }, { nodes: 5, threshold: 2, portBase: 50_000 }],
  ])('%o', (requested, expected) => expect(newParameters(requested)).toEqual(expected));

  test.each([{ nodes: 6 }, { nodes: 2 }, { nodes: 5, threshold: 3 }, { threshold: 0 }, { portBase: 80 }, { portBase: 65_500 }])('%o is refused', (requested) =>
    expect(() => newParameters(requested)).toThrow(expect.objectContaining({ code: 'network.unsupported' })),
  );
});

describe('an existing network', () => {
  const existing = { nodes: 7, threshold: 3, portBase: 40_400 };
  test('may move its ports', () => expect(resumedParameters(existing, { portBase: 41_000 })).toEqual({ ...existing, portBase: 41_000 }));
  test.each([{ nodes: 5 }, { threshold: 2 }])('does not become %o', (requested) =>
    expect(() => resumedParameters(existing, requested)).toThrow(expect.objectContaining({ code: 'network.other-parameters' })),
  );
});

test('no two purposes share a port', () => {
  const { nodes, ...single } = portPlan({ nodes: 7, threshold: 3, portBase: 40_400 });
  const ports = [...Object.values(single), ...nodes.flatMap((node) => Object.values(node))];
  expect(new Set(ports).size).toBe(ports.length);
  expect(Math.max(...ports)).toBeLessThan(40_500);
  expect([single.console, single.gateway, single.bridge, nodes[0]!.link, nodes[0]!.health]).toEqual([40_400, 40_401, 40_403, 40_411, 40_431]);
});
