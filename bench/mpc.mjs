// CPU per node of the comparison protocol and speed of the kernels. Run: node --conditions=@boop/source bench/mpc.mjs [--json FILE]
// Prints a table to stderr and one JSON object to stdout.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { loadKernel, twinKernel } from '@boop/kernels';
import { agreeCommitteeKeys, agreeHolderKeys, checkSplitProtocol, compareProtocol, correlationBatch, countValid, palmStatistic, parseShare, scoreShares, splitTemplate } from '@boop/mpc';
import { partyId, roundMachine, utf8 } from '@boop/shared';
import { nodeAesCtr, seededRng, seededUint32 } from '@boop/testing';

const id = (text) => {
  const out = new Uint8Array(16);
  out.set(utf8(text));
  return out;
};
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const spread = (values) => ({ median: +median(values).toFixed(3), min: +Math.min(...values).toFixed(3), max: +Math.max(...values).toFixed(3), runs: values.length });

/** Runs the machines in lockstep; CPU time and bytes sent by the busiest party. */
function measure(machines) {
  const cpuMs = new Map([...machines.keys()].map((party) => [party, 0]));
  const bytes = new Map(cpuMs);
  const rounds = new Map(cpuMs);
  const outputs = new Map();
  const queue = [];
  const timed = (party, step) => {
    const start = performance.now();
    const result = step();
    cpuMs.set(party, cpuMs.get(party) + performance.now() - start);
    const seen = new Set();
    for (const { to, payload } of result.send) {
      queue.push([party, to, payload]);
      bytes.set(party, bytes.get(party) + payload.length);
      seen.add((payload[0] << 8) | payload[1]);
    }
    rounds.set(party, rounds.get(party) + seen.size);
    if (result.kind === 'done') outputs.set(party, result.output);
    if (result.kind === 'abort') throw new Error(result.code);
  };
  for (const [party, machine] of machines) timed(party, () => machine.start());
  for (let next = queue.shift(); next; next = queue.shift()) timed(next[1], () => machines.get(next[1]).onMessage(next[0], next[2]));
  const worst = (map) => Math.max(...map.values());
  return { outputs, cpuMs: worst(cpuMs), bytes: worst(bytes), rounds: worst(rounds) };
}

function protocol(threshold, p, scoreMax, rows, shifts, lanes, repetitions, prf) {
  const committee = Array.from({ length: 2 * threshold + 1 }, (_, i) => partyId(i + 1));
  const each = (create) => new Map(committee.map((self) => [self, roundMachine(() => create(self))]));
  const agreed = measure(each((self) => agreeCommitteeKeys({ self, committee, threshold, context: id('bench') }, seededRng(self))));
  const used = Math.ceil((rows * shifts) / 32) * 32;
  const next = seededUint32(1);
  const offlineMs = [];
  const onlineMs = [];
  let offline;
  let online;
  for (let run = 0; run < repetitions; run++) {
    const common = (self) => ({ self, committee, threshold, keys: agreed.outputs.get(self), p, ...(prf && { prf }) });
    offline = measure(each((self) => correlationBatch({ ...common(self), batchId: id(`batch ${run}`), lanes })));
    // Random shares: scores are uniform, which costs what real ones cost.
    const products = new Map(committee.map((self) => [self, Uint16Array.from({ length: rows * shifts }, () => next() % p)]));
    const slices = new Map([...offline.outputs].map(([party, batch]) => [party, [batch.take(0, used)]]));
    online = measure(
      each((self) =>
        compareProtocol({ ...common(self), runId: id(`run ${run}`), scoreMax, theta: 302, rows, shifts, products: products.get(self), correlations: slices.get(self), opening: 'identify' }),
      ),
    );
    offlineMs.push(offline.cpuMs);
    onlineMs.push(online.cpuMs);
  }
  return {
    threshold, p, rows, shifts, lanes, prf: prf ? 'native' : 'software',
    keyAgreementCpuMs: +agreed.cpuMs.toFixed(2),
    offlineCpuMs: spread(offlineMs), offlineBytesPerLane: +(offline.bytes / lanes).toFixed(2), offlineRounds: offline.rounds,
    onlineCpuMs: spread(onlineMs), onlineBytesPerComparison: +(online.bytes / (rows * shifts)).toFixed(2), onlineRounds: online.rounds,
  };
}

/** The check of one split of `templates` palms among all nodes; keys are agreed once for a set of processes. */
function splitCheck(nodes, threshold, templates, repetitions) {
  const parties = Array.from({ length: nodes }, (_, i) => partyId(i + 1));
  const each = (create) => new Map(parties.map((self) => [self, roundMachine(() => create(self))]));
  const agreed = measure(each((self) => agreeHolderKeys({ self, parties, threshold, context: id('bench') }, seededRng(self))));
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
    checked = measure(each((self) => checkSplitProtocol({ ...common, self, keys: agreed.outputs.get(self), items: items.get(self) })));
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
  protocol: [
    protocol(1, 8191, 2048, 60, 25, 32_768, 9),
    protocol(1, 8191, 2048, 60, 25, 32_768, 9, nodeAesCtr),
    protocol(1, 65521, 19200, 60, 31, 32_768, 5, nodeAesCtr),
    protocol(1, 8191, 2048, 1, 25, 1024, 30, nodeAesCtr),
    protocol(2, 8191, 2048, 60, 25, 2048, 5, nodeAesCtr),
    protocol(3, 8191, 2048, 60, 25, 2048, 3, nodeAesCtr),
  ],
  splitCheck: [splitCheck(4, 1, 1, 60), splitCheck(5, 1, 1, 60), splitCheck(5, 1, 8, 30), splitCheck(7, 2, 1, 60)],
  kernels: await kernels(2000),
};
for (const rows of [report.protocol.map(({ offlineCpuMs, onlineCpuMs, ...rest }) => ({ ...rest, offlineMs: offlineCpuMs.median, onlineMs: onlineCpuMs.median })), report.splitCheck.map(({ checkCpuMs, ...rest }) => ({ ...rest, checkMs: checkCpuMs.median })), report.kernels]) process.stderr.write(`${table(rows)}\n\n`);
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
