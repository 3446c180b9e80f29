// Searches by three parties in three processes, the making of correlations included, every decision compared with plaintext in the timed run.
import { randomBytes } from 'node:crypto';
import { startParties } from './processes.mjs';
import { median, round, spread } from './report.mjs';

/** @returns one row of figures per number of probes */
export async function measureBits({ name, rows, probeCounts, shards = 1, blockRows, flights, repetitions = 7, backEnd = 'digits', distinct = rows }) {
  const results = [];
  for (const probeCount of probeCounts) {
    const parties = await startParties(3);
    try {
      const seed = randomBytes(32);
      const [{ matches }] = await parties.all('load', () => ({ name, seed, rows, probeCount, threshold: 1, shards, every: 97, distinct }));
      const committee = { name: 'bench', members: parties.ids, threshold: 1 };
      await parties.all('agree', once({ committee, context: randomBytes(32), runId: randomBytes(16) }));
      const plan = { backEnd, orForm: 'tree', blockRows, flights };
      const runs = [];
      for (let run = -2; run < repetitions; run++) {
        const answers = await parties.all('bits', once({ committee, runId: randomBytes(16), rows, plan }));
        for (const { compared, wrong } of answers) if (compared !== rows * probeCount || wrong !== 0) throw new Error(`decisions differ from plaintext in ${wrong} words; ${compared} were compared`);
        if (run >= 0) runs.push(answers);
      }
      const comparisons = rows * probeCount;
      const times = runs.map((answers) => Math.max(...answers.map(({ ms }) => ms)));
      const perParty = (key) => median(runs.map((answers) => Math.max(...answers.map((answer) => answer[key])))) / comparisons;
      results.push({
        workload: name, distinctRows: Math.min(rows, distinct), nodes: 3, threshold: 1, galleryRows: rows, probes: probeCount, shards, ...plan, matches: matches.reduce((a, b) => a + b, 0),
        comparisonsPerSecond: Math.round((comparisons / median(times)) * 1000), ms: round(median(times), 1), msSpread: spread(times),
        cpuNsPerComparison: round(perParty('cpuMs') * 1e6, 1), bytesPerComparisonInAll: round(perParty('bytes'), 2), everyDecisionCompared: true,
      });
    } finally {
      await parties.stop();
    }
  }
  return results;
}

const once = (value) => () => value;
