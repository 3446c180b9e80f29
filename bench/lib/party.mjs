// One party of a benchmark: a process with links to the others, an engine, and shares that it deals itself from the dealer's seed.
import { createHash, randomBytes } from 'node:crypto';
import { NodeMesh, partyOf, RunRegistry } from '@boop/platform';
import { MatchingEngine } from '@boop/engine';
import { Dealer } from './dealer.mjs';
import { plainScore, workloads } from './workloads.mjs';

let mesh;
let registry;
let engine;
let workload;
let probes = [];
let expected = [];
let expectedWords = [];
const traffic = { bytes: 0, messages: 0 };

const transport = {
  send(to, runId, payload, released) {
    traffic.bytes += payload.length;
    traffic.messages += 1;
    mesh.sendSession(to, runId, payload, released);
  },
  route: (runId, route) => registry.route(runId, route),
};

/** What the gateway asks of a leader, and a leader of the others: the comparison starts with the message that announces it. */
const requests = {
  async verify({ committees, plan, stocks, at, heardFromAll }) {
    const join = { committees, plan, stocks, at, runIds: committees.map((_, i) => idOf(randomBytes(16), i)) };
    const others = [...new Set(committees.flatMap(({ members }) => members))].filter((party) => party !== mesh.self);
    const answers = others.map(async (party) => await mesh.request(party, 'join', join, { timeoutMs: 10_000 }));
    const own = await verifyIn(join);
    if (heardFromAll) for (const bit of await Promise.all(answers)) if (bit !== own) throw new Error('committees disagree');
    else for (const each of answers) each.catch(() => undefined);
    return own;
  },
  async join(body) {
    return await verifyIn(body);
  },
};

/** One row in all committees in which this party sits, side by side. */
async function verifyIn({ committees, plan, stocks, at, runIds }) {
  const mine = committees.flatMap((committee, i) => (committee.members.includes(mesh.self) ? [{ committee, runId: runIds[i], stock: { batchId: stocks[i], firstBlock: at } }] : []));
  const decisions = await Promise.all(mine.map(async ({ committee, runId, stock }) => (await engine.scan({ committee, runId, probes: [probes[0]], rows: 1, theta: workload.theta, plan, stock, timeoutMs: 10_000 }, 'any'))[0].bit));
  if (decisions.some((bit) => bit !== (expected[0][0] === 1))) throw new Error('a decision differs from plaintext');
  return decisions[0];
}

const commands = {
  async connect({ id, nodes, tls, networkId }) {
    registry = new RunRegistry({ bytesMax: 256 << 20, messagesMax: 4096 });
    mesh = new NodeMesh({
      self: id,
      networkId,
      tls,
      nodes,
      authorizeClient: ({ role }) => role === 'gateway',
      handlers: { request: async (_peer, method, body) => await requests[method](body), session: (peer, runId, payload) => registry.deliver(partyOf(peer), runId, payload) },
      limits: { unsentBytesMax: 512 << 20, silenceMaxMs: 60_000 },
    });
    await mesh.start();
    while (mesh.live().length < nodes.length) await new Promise((resolve) => setTimeout(resolve, 10));
  },

  /** Deals and stores the gallery and the probes; computes the plain decisions. */
  async load({ name, seed, rows, probeCount, threshold, shards, every, rowsMax = rows, distinct = rows }) {
    workload = workloads[name];
    const { statistic, geometry, theta } = workload;
    engine = await MatchingEngine.create({ self: mesh.self, statistic, geometry, transport, rowsMax, shards, scansMax: 64 });
    const shape = { p: statistic.p, coordinates: statistic.coordinates, plain: workload.plain };
    const dealer = new Dealer(Buffer.from(seed), shape, mesh.self, threshold);
    const plainProbes = Array.from({ length: probeCount }, (_, at) => dealer.plain(`probe ${at}`));
    probes = plainProbes.map((plain, at) => dealer.share(`probe ${at}`, plain));
    expected = plainProbes.map(() => new Uint8Array(rows));
    const memoryBefore = process.memoryUsage.rss();
    const shares = [];
    for (let row = 0; row < rows; row++) {
      // Links are to stay alive meanwhile.
      if (row % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
      const like = row % every === 1 ? plainProbes[Math.floor(row / every) % probeCount] : undefined;
      // Beyond `distinct`, rows that match nothing are stored again: other memory, same contents.
      if (!like && row >= distinct && shares[row % distinct]) {
        engine.gallery.append(shares[row % distinct]);
        continue;
      }
      const plain = dealer.plain(`row ${row}`, like);
      const share = dealer.share(`row ${row}`, plain);
      engine.gallery.append(share);
      if (!like && distinct < rows) shares[row % distinct] ??= share;
      plainProbes.forEach((probe, at) => (expected[at][row] = plainScore(statistic, probe, plain) >= theta ? 1 : 0));
    }
    expectedWords = expected.map((bits) => {
      const words = new Int32Array(Math.ceil(rows / 32));
      bits.forEach((bit, row) => (words[row >>> 5] |= bit << (row & 31)));
      return words;
    });
    return { rowBytes: engine.gallery.rowBytes, matches: expected.map((bits) => bits.reduce((sum, bit) => sum + bit, 0)), rssBytes: process.memoryUsage.rss() - memoryBefore };
  },

  async agree({ committee, context, runId }) {
    await engine.agree({ committee, context, runId, timeoutMs: 10_000 });
  },

  async stock(request) {
    await engine.stock({ ...request, timeoutMs: 60_000 });
  },

  /** One timed scan whose every bit is compared with plaintext before the clock stops. */
  async bits({ committee, runId, rows, plan, stock }) {
    const before = { ...traffic, cpu: process.cpuUsage() };
    const start = performance.now();
    const blocks = await engine.scanBits({ committee, runId, probes, rows, theta: workload.theta, plan, ...(stock && { stock }), timeoutMs: 120_000 });
    let compared = 0;
    let wrong = 0;
    for (const { fromRow, rows: count, words } of blocks) {
      const stride = Math.ceil(count / 128) * 4;
      for (let probe = 0; probe < probes.length; probe++) {
        // Blocks start at whole words; the last one may end within a word.
        for (let word = 0, first = fromRow / 32; word < Math.ceil(count / 32); word++) {
          const used = Math.min(32, count - 32 * word);
          const difference = (words[probe * stride + word] ^ expectedWords[probe][first + word]) & (used === 32 ? -1 : (1 << used) - 1);
          if (difference !== 0) wrong += 1;
          compared += used;
        }
      }
    }
    const ms = performance.now() - start;
    const cpu = process.cpuUsage(before.cpu);
    return { ms, compared, wrong, cpuMs: (cpu.user + cpu.system) / 1000, bytes: traffic.bytes - before.bytes, messages: traffic.messages - before.messages };
  },

  /** One timed search. */
  async decide({ committee, runId, rows, plan, stock, probe = 0, opening }) {
    const before = { ...traffic, cpu: process.cpuUsage() };
    const start = performance.now();
    const [decision] = await engine.scan({ committee, runId, probes: [probes[probe]], rows, theta: workload.theta, plan, ...(stock && { stock }), timeoutMs: 60_000 }, opening);
    const ms = performance.now() - start;
    const cpu = process.cpuUsage(before.cpu);
    return { ms, decision, cpuMs: (cpu.user + cpu.system) / 1000, bytes: traffic.bytes - before.bytes };
  },

  /** Searches one after another, each timed by itself; parties keep in step through the protocol. Ids are hashes of `seed` and the number. */
  async sequence({ committee, seed, count, rows, plan, stock, opening }) {
    const times = [];
    for (let at = 0; at < count; at++) {
      const runId = idOf(seed, at);
      const start = performance.now();
      const [decision] = await engine.scan({ committee, runId, probes: [probes[0]], rows, theta: workload.theta, plan, ...(stock && { stock: { batchId: stock.batchId, firstBlock: stock.firstBlock + at } }), timeoutMs: 10_000 }, opening);
      times.push(performance.now() - start);
      if (opening === 'any' && decision.bit !== expected[0].subarray(0, rows).includes(1)) throw new Error('a decision differs from plaintext');
    }
    return times;
  },
};

const idOf = (seed, at) => new Uint8Array(createHash('sha256').update(seed).update(String(at)).digest().subarray(0, 16));

process.on('message', async ({ command, argument }) => {
  try {
    process.send({ result: await commands[command](argument) });
  } catch (error) {
    process.send({ error: `${command}: ${error.stack}` });
  }
});
process.on('disconnect', () => process.exit());
