// CPU, bytes and rounds per comparison and party of each back end, ahead and online; check of a split; the kernels. Run: node --conditions=@boop/source bench/mpc.mjs [--json FILE]
// Prints a table to stderr and one JSON object to stdout.
import { createCipheriv } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { loadKernel, loadLaneKernel, twinKernel } from '@boop/kernels';
import { agreeCommitteeKeys, agreeHolderKeys, blockId, checkSplitProtocol, countValid, offlineBlock, onlineBlock, openMatches, palmStatistic, parseShare, scoreShares, splitTemplate } from '@boop/mpc';
import { partyId, utf8 } from '@boop/shared';
import { nodeAesCtr, seededRng, seededUint32 } from '@boop/testing';

const id = (text) => {
  const out = new Uint8Array(16);
  out.set(utf8(text));
  return out;
};
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const spread = (values) => ({ median: +median(values).toFixed(3), min: +Math.min(...values).toFixed(3), max: +Math.max(...values).toFixed(3), runs: values.length });

/** Drives one generator per party in lockstep; CPU time of the busiest party, mean bytes sent, rounds. Payloads are copied, as a transport would. */
function drive(protocols) {
  const parties = [...protocols.keys()];
  const cpuMs = new Map(parties.map((party) => [party, 0]));
  const outputs = new Map();
  let inboxes = new Map(parties.map((party) => [party, new Map()]));
  let [bytes, rounds] = [0, -1];
  while (outputs.size < parties.length) {
    const next = new Map(parties.map((party) => [party, new Map()]));
    for (const [party, protocol] of protocols) {
      const start = performance.now();
      const step = protocol.next(inboxes.get(party));
      cpuMs.set(party, cpuMs.get(party) + performance.now() - start);
      if (step.done) outputs.set(party, step.value);
      else for (const { to, payload } of step.value.send) {
        next.get(to).set(party, payload.slice());
        bytes += payload.length;
      }
    }
    inboxes = next;
    rounds += 1;
  }
  return { outputs, cpuMs: Math.max(...cpuMs.values()), bytes: bytes / parties.length, rounds };
}

/** OpenSSL's AES-CTR written in place, one cipher per key. */
const zeros = Buffer.alloc(1 << 16);
const ciphers = new WeakMap();
const prf = {
  ...nodeAesCtr,
  fill(key, firstBlock, target) {
    const counter = Buffer.alloc(16);
    counter.writeBigUInt64BE(BigInt(firstBlock), 8);
    const known = ciphers.get(key);
    const current = known?.next === firstBlock ? known : { cipher: createCipheriv('aes-256-ctr', key, counter) };
    for (let at = 0; at < target.length; at += zeros.length) target.set(current.cipher.update(zeros.subarray(0, Math.min(zeros.length, target.length - at))), at);
    current.next = firstBlock + target.length / 16;
    ciphers.set(key, current);
  },
};

const kernel = await loadLaneKernel();

/** One block of `rows` × 25 shifts, made and compared; shares are random, which costs what real ones cost. */
function block(threshold, p, backEnd, rows, opening, orForm, repetitions) {
  const committee = Array.from({ length: 2 * threshold + 1 }, (_, i) => partyId(i + 1));
  const each = (create) => new Map(committee.map((self) => [self, create(self)]));
  const agreed = drive(each((self) => agreeCommitteeKeys({ self, committee, threshold, context: id('bench') }, seededRng(self))));
  const [shifts, next] = [25, seededUint32(1)];
  const comparisons = rows * shifts;
  const lanes = Math.ceil(comparisons / 32) * 32;
  const arenas = each(() => kernel.createArena());
  const products = each(() => Uint16Array.from({ length: comparisons }, () => next() % p));
  const party = (self) => ({ self, committee, threshold, keys: agreed.outputs.get(self), p, backEnd, prf });
  const [offlineNs, onlineNs] = [[], []];
  let [offline, online, decided] = [];
  for (let run = 0; run < repetitions; run++) {
    for (const arena of arenas.values()) arena.reset();
    offline = drive(each((self) => offlineBlock(party(self), arenas.get(self), { batchId: blockId(id('batch'), run), lanes })));
    const shape = { probes: 1, rows, shifts, firstRow: 0, theta: 302, scoreMax: p === 8191 ? 2048 : 19200 };
    const runId = blockId(id('run'), run);
    online = drive(each((self) => onlineBlock(party(self), arenas.get(self), { ...shape, runId, correlations: offline.outputs.get(self), products: products.get(self), opening, orForm })));
    decided = drive(each((self) => openMatches(party(self), { runId, sums: online.outputs.get(self), rows })));
    offlineNs.push((offline.cpuMs * 1e6) / lanes);
    onlineNs.push(((online.cpuMs + decided.cpuMs) * 1e6) / comparisons);
  }
  return {
    threshold, p, backEnd, rows, shifts, opening, orForm,
    offlineNs: spread(offlineNs), offlineBytes: +(offline.bytes / lanes).toFixed(2), offlineRounds: offline.rounds,
    onlineNs: spread(onlineNs), onlineBytes: +((online.bytes + decided.bytes) / comparisons).toFixed(2), onlineRounds: online.rounds + decided.rounds,
  };
}

/** The check of one split of `templates` palms among all nodes; keys are agreed once for a set of processes. */
function splitCheck(nodes, threshold, templates, repetitions) {
  const parties = Array.from({ length: nodes }, (_, i) => partyId(i + 1));
  const each = (create) => new Map(parties.map((self) => [self, create(self)]));
  const agreed = drive(each((self) => agreeHolderKeys({ self, parties, threshold, context: id('bench') }, seededRng(self))));
  const next = seededUint32(3);
  const palm = new Int8Array(palmStatistic.coordinates).fill(1).map((value, i) => (i < palmStatistic.codeCoordinates && next() % 2 === 0 ? -value : value));
  const splits = Array.from({ length: templates }, (_, i) => splitTemplate(palm, palmStatistic, { nodes, threshold }, seededRng(100 + i)));
  const valid = countValid(palmStatistic, palm);
  const times = [];
  let checked;
  for (let run = 0; run < repetitions; run++) {
    const itemsOf = (self) => splits.map((shares) => ({ share: parseShare(shares[self - 1], palmStatistic), valid }));
    const items = new Map(parties.map((self) => [self, itemsOf(self)]));
    const common = { parties, threshold, runId: id(`check ${run}`), splitHash: id('split'), statistic: palmStatistic, prf: nodeAesCtr };
    checked = drive(each((self) => checkSplitProtocol({ ...common, self, keys: agreed.outputs.get(self), items: items.get(self) })));
    times.push(checked.cpuMs);
  }
  return {
    nodes, threshold, templates,
    keyAgreementCpuMs: +agreed.cpuMs.toFixed(2), keyAgreementBytes: agreed.bytes, keyAgreementRounds: agreed.rounds,
    checkCpuMs: spread(times), checkBytes: checked.bytes, checkRounds: checked.rounds,
  };
}

async function kernels(rows) {
  const next = seededUint32(2);
  const out = [];
  for (const [kernel, count] of [[await loadKernel(), rows], [twinKernel(), Math.ceil(rows / 50)]]) {
    for (const [name, p, coordinates, shifts] of [['palm', 8191, 4096, 25], ['iris', 65521, 19200, 31], ['one shift', 8191, 4096, 1]]) {
      const statistic = { ...palmStatistic, p, coordinates, codeCoordinates: coordinates, shifts: Array.from({ length: shifts }, () => Int32Array.from({ length: coordinates }, (_, i) => i)) };
      const row = Int16Array.from({ length: coordinates }, () => (next() % p) - (p - 1) / 2);
      const gallery = kernel.createGallery(coordinates, p);
      for (let i = 0; i < count; i++) gallery.append(row);
      const times = [];
      for (let run = 0; run < 7; run++) {
        const start = performance.now();
        scoreShares(gallery, row, statistic);
        times.push(performance.now() - start);
      }
      const ms = median(times.slice(2));
      out.push({ kernel: kernel.name, shape: name, p, rows: count, shifts, ms: +ms.toFixed(2), comparisonsPerSecond: Math.round((count * shifts * 1000) / ms), gigaMacPerSecond: +((count * shifts * coordinates) / ms / 1e6).toFixed(2) });
    }
  }
  return out;
}

const report = {
  machine: `${cpus()[0]?.model} × ${cpus().length}, Node ${process.versions.node}`,
  blocks: [
    ...[8191, 65521].flatMap((p) => ['digits', 'one-hot', 'bit-sliced'].map((backEnd) => block(1, p, backEnd, 2560, 'identify', 'tree', 15))),
    block(1, 8191, 'one-hot', 1, 'any', 'sum', 200),
    block(2, 8191, 'digits', 640, 'identify', 'tree', 5),
    block(3, 8191, 'digits', 640, 'identify', 'tree', 3),
  ],
  splitCheck: [splitCheck(4, 1, 1, 60), splitCheck(5, 1, 1, 60), splitCheck(5, 1, 8, 30), splitCheck(7, 2, 1, 60)],
  kernels: await kernels(2000),
};
for (const rows of [report.blocks.map(({ offlineNs, onlineNs, ...rest }) => ({ ...rest, offlineNs: offlineNs.median, offlineNsMin: offlineNs.min, onlineNs: onlineNs.median, onlineNsMin: onlineNs.min })), report.splitCheck.map(({ checkCpuMs, ...rest }) => ({ ...rest, checkMs: checkCpuMs.median })), report.kernels]) process.stderr.write(`${table(rows)}\n\n`);
const { values } = parseArgs({ options: { json: { type: 'string' } } });
const text = `${JSON.stringify(report, null, 2)}\n`;
if (values.json === undefined) process.stdout.write(text);
else writeFileSync(values.json, text);

function table(rows) {
  const keys = Object.keys(rows[0]);
  const widths = keys.map((key) => Math.max(key.length, ...rows.map((row) => String(row[key]).length)));
  const line = (cells) => cells.map((cell, i) => String(cell).padStart(widths[i])).join('  ');
  return [line(keys), ...rows.map((row) => line(keys.map((key) => row[key])))].join('\n');
}
