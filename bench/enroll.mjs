// Registrations led by one node after the other in a network of node processes over mTLS, each with its own database, among people registered already: every
// palm is checked for its form and searched for first (de-duplication).
// Run: node --conditions=@boop/source bench/enroll.mjs [--quick] [--nodes 5] [--threshold 1] [--gallery 10000] [--json FILE]. Needs `npm run build`.
import { parseArgs } from 'node:util';
import { systemRng as rng } from '@boop/platform';
import { enrolment, randomPalm } from '../apps/mpc-node/src/testing/fixtures.ts';
import { ProcessNetwork } from '../apps/mpc-node/src/testing/process-network.ts';
import { percentiles, report } from './lib/report.mjs';

const text = (value) => ({ type: 'string', default: String(value) });
const { values } = parseArgs({ options: { quick: { type: 'boolean' }, json: { type: 'string' }, nodes: text(5), threshold: text(1), gallery: { type: 'string' } } });
const [nodes, threshold, gallery] = [values.nodes, values.threshold, values.gallery ?? (values.quick ? 1_000 : 10_000)].map(Number);
const repetitions = values.quick ? 5 : 30;

const network = await ProcessNetwork.create({ nodes, threshold });
try {
  const strangers = Array.from({ length: Math.min(gallery, 2_048) }, () => randomPalm(rng));
  await network.fill(gallery, (slot) => strangers[slot % strangers.length]);
  const answers = [];
  for (let run = -nodes; run < repetitions; run++) {
    const body = await enrolment(network.splitter, { 'left-palm': randomPalm(rng), 'right-palm': randomPalm(rng) }, Date.now());
    const start = performance.now();
    const { verified, stages } = await network.request(1 + ((run + nodes) % nodes), 'registration.run', body, 60_000);
    if (!verified) throw new Error('a registration was not verified');
    if (run >= 0) answers.push({ ms: performance.now() - start, stages });
  }
  const spreadOf = (list) => ({ ...percentiles(list), latencyMs: percentiles(list) });
  const common = { nodes, threshold, galleryRows: gallery, palms: 2 };
  const stages = Object.keys(answers[0].stages).map((stage) => ({ stage, ...common, ...spreadOf(answers.map(({ stages: each }) => each[stage])) }));
  report('enroll', [{ stage: 'request to answer', ...common, ...spreadOf(answers.map(({ ms }) => ms)) }, ...stages], values.json);
} finally {
  await network.stop();
}
