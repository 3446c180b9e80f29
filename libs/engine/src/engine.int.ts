import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { score } from '@boop/mpc';
import { type ScanPlan } from './engine.ts';
import { MemoryNodes, patientMs, statistic, theta } from './testing/memory-nodes.ts';

// Threads start slowly on a busy machine.
jest.setTimeout(300_000);

let nodes: MemoryNodes;
afterEach(async () => await nodes.close());

const plan: ScanPlan = { backEnd: 'digits', orForm: 'sum', blockRows: 128, flights: 2 };

async function start(shards: number, rows: number, options: Parameters<typeof MemoryNodes.create>[1] = {}): Promise<Int8Array[]> {
  nodes = await MemoryNodes.create(shards, options);
  const templates = Array.from({ length: rows }, () => nodes.template());
  for (const template of templates) nodes.append(template);
  await nodes.agree();
  return templates;
}

async function identify(probe: Int8Array, rows: number, extra: Partial<ScanPlan> = {}, stock?: { batchId: Uint8Array; firstBlock: number }, timeoutMs = patientMs) {
  const [shares, runId] = [nodes.shares(probe), nodes.id()];
  const { committee } = nodes;
  const request = (at: number) => ({ committee, runId, probes: [shares[at]!], rows, theta, plan: { ...plan, ...extra }, timeoutMs, ...(stock && { stock }) });
  const outcomes = await nodes.all(async (engine, at) => await engine.scan(request(at), 'identify'));
  for (const outcome of outcomes) expect(outcome).toEqual(outcomes[0]);
  return outcomes[0]![0]!;
}

// One suite for shards in the caller's thread, in one thread, and in several.
describe.each([0, 2])('an engine with %i shard threads', (shards) => {
  test('decides as plaintext does, in all back ends, whatever the size of blocks', async () => {
    const templates = await start(shards, 300);
    for (const extra of [{}, { flights: 1 }, { backEnd: 'one-hot' }, { backEnd: 'bit-sliced', orForm: 'tree' }, { blockRows: 40, flights: 3 }, { blockRows: 1000 }] as Partial<ScanPlan>[]) {
      expect(await identify(templates[257]!, 300, extra)).toEqual({ kind: 'one', row: 257 });
      expect(await identify(templates[299]!, 257, extra)).toEqual({ kind: 'none' });
    }
    nodes.append(templates[3]!);
    expect(await identify(templates[3]!, 301)).toEqual({ kind: 'several' });
    expect(await identify(templates[3]!, 300)).toEqual({ kind: 'one', row: 3 });
  });

  test('opens the bit of every row where that is asked for', async () => {
    const templates = await start(shards, 200);
    const probes = [templates[150]!, nodes.template(), templates[0]!];
    const [shares, runId] = [probes.map((probe) => nodes.shares(probe)), nodes.id()];
    const opened = await nodes.all(async (engine, at) => await engine.scanBits({ committee: nodes.committee, runId, probes: shares.map((share) => share[at]!), rows: 200, theta, plan: { ...plan, blockRows: 64 }, timeoutMs: patientMs }));
    for (const blocks of opened) {
      expect(blocks.reduce((sum, { rows }) => sum + rows, 0)).toBe(200);
      for (const { fromRow, rows, words } of blocks)
        probes.forEach((probe, at) => {
          const bits = words.subarray(at * Math.ceil(rows / 128) * 4);
          for (let row = 0; row < rows; row++) expect((bits[row >>> 5]! >>> (row & 31)) & 1).toBe(Number(score(statistic, probe, templates[fromRow + row]!) >= theta));
        });
    }
  });

  test('takes correlations from stock, each block once', async () => {
    const templates = await start(shards, 256);
    const [batchId, runId] = [nodes.id(), nodes.id()];
    const { committee } = nodes;
    await nodes.all(async (engine) => await engine.stock({ committee, runId, batchId, blocks: 4, probes: 1, plan, timeoutMs: patientMs }));
    expect(await identify(templates[200]!, 256, {}, { batchId, firstBlock: 0 })).toEqual({ kind: 'one', row: 200 });
    await expect(identify(templates[200]!, 256, {}, { batchId, firstBlock: 0 })).rejects.toMatchObject({ code: 'correlation.unknown' });
    expect(await identify(templates[1]!, 256, {}, { batchId, firstBlock: 2 })).toEqual({ kind: 'one', row: 1 });
  });

  test('runs many searches side by side, each with its own result', async () => {
    const templates = await start(shards, 300);
    const rows = [5, 77, 140, 299, 12];
    expect(await Promise.all(rows.map(async (row) => await identify(templates[row]!, 300)))).toEqual(rows.map((row) => ({ kind: 'one', row })));
  });

  test('sees a row that was appended while a search ran', async () => {
    const templates = await start(shards, 256);
    const late = nodes.template();
    const running = identify(templates[9]!, 256);
    nodes.append(late);
    expect(await identify(late, 257)).toEqual({ kind: 'one', row: 256 });
    expect(await running).toEqual({ kind: 'one', row: 9 });
  });

  test('hands out products, in one pass for probes that wait together', async () => {
    const templates = await start(shards, 300);
    const [engine] = nodes.engines;
    const shares = templates.slice(0, 10).map((template) => nodes.shares(template)[0]!);
    const expected = shares.map((share) => {
      const out = new Uint16Array(300);
      engine!.gallery.products([engine!.gallery.prepareProbe(share)], 0, 300, out);
      return out;
    });
    const products = await Promise.all(shares.map(async (share) => await engine!.products(share, 0, 300)));
    expect(products).toEqual(expected);
    expect(engine!.passes).toEqual({ passes: 3, probes: 10 });
    expect(await engine!.products(shares[1]!, 250, 260)).toEqual(expected[1]!.slice(250, 260));
    await expect(engine!.products(shares[1]!, 250, 301)).rejects.toMatchObject({ code: 'gallery.unknown-row' });
    expect(shares[0]!.some((value) => value !== 0)).toBe(true);
  });

  test('aborts and names who sent garbage, while another search goes on', async () => {
    const templates = await start(shards, 256);
    const other = identify(templates[1]!, 256);
    let armed = true;
    nodes.network.tamper = (from, to, payload) => (armed && from === 2 && to === 1 && payload.length > 100 ? ((armed = false), payload.subarray(0, 50)) : payload);
    const results = await Promise.all([other, identify(templates[2]!, 256)].map(async (run) => await run.catch((error: unknown) => error)));
    expect(armed).toBe(false);
    expect(results).toEqual(expect.arrayContaining([expect.objectContaining({ code: 'engine.aborted', reason: 'mpc.malformed-message', blame: [2] }), expect.objectContaining({ kind: 'one' })]));
    expect(await identify(templates[4]!, 256)).toEqual({ kind: 'one', row: 4 });
  });
});

describe('an engine', () => {
  test('refuses what its queue does not hold, at once', async () => {
    const templates = await start(0, 128, { scansMax: 1, queueMax: 2 });
    const [engine] = nodes.engines;
    const scan = async () => await engine!.scan({ committee: nodes.committee, runId: nodes.id(), probes: [nodes.shares(templates[0]!)[0]!], rows: 128, theta, plan, timeoutMs: 300 }, 'identify');
    const results = await Promise.allSettled([scan(), scan(), scan(), scan()]);
    expect(results[3]).toMatchObject({ status: 'rejected', reason: expect.objectContaining({ code: 'service.overloaded', kind: 'unavailable' }) });
    expect(results[0]).toMatchObject({ status: 'rejected', reason: expect.objectContaining({ code: 'run.timeout' }) });
  });

  test('refuses rows that are not there, probes of another length, and committees without keys', async () => {
    const templates = await start(0, 10);
    const [engine] = nodes.engines;
    const request = { committee: nodes.committee, probes: [nodes.shares(templates[0]!)[0]!], rows: 10, theta, plan, timeoutMs: 100 };
    await expect(engine!.scan({ ...request, runId: nodes.id(), rows: 11 }, 'identify')).rejects.toMatchObject({ code: 'gallery.unknown-row' });
    await expect(engine!.scan({ ...request, runId: nodes.id(), probes: [new Int16Array(3)] }, 'identify')).rejects.toMatchObject({ code: 'share.malformed' });
    engine!.forget(nodes.committee);
    await expect(engine!.scan({ ...request, runId: nodes.id() }, 'identify')).rejects.toMatchObject({ code: 'committee.unknown' });
    expect(nodes.network.openRoutes).toBe(0);
  });
});
