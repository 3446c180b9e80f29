// Authentications by whole nodes in processes of their own, over links of a given delay, asked as the gateway asks.
import { ChaosProxy } from '@boop/testing';
import { systemRng as rng } from '@boop/platform';
import { authenticationContext, capture, enrolment, probe, randomPalm } from '../../apps/mpc-node/src/testing/fixtures.ts';
import { ProcessNetwork } from '../../apps/mpc-node/src/testing/process-network.ts';
import { percentiles, round } from './report.mjs';

/** What happens one after the other in each stage, in one-way delays, where the whole family searches at once (docs/protocol/delays.md). */
const spentOn = {
  request: 'gateway to leader 1, leader to gateway 1',
  open: 'leader to nodes and back 2; right behind the request the check of the split, its messages between nodes, and the search: lanes',
  check: 'none, unless the leader still waits for a message of the check',
  identify: 'agreement on the run 1, masked scores 1, interval 1, decision 1, outcomes to the leader 1, with PRF partials and commitments',
  verify: 'none, unless committees differ in speed',
  sign: 'signature shares 2',
};

/** @returns request to answer at the gateway: milliseconds and one-way delays, whole and by stage */
export async function measureWholeNetwork({ nodes, threshold, delayMs, repetitions }) {
  const proxies = [];
  const reachedAt = async (port) => {
    const proxy = await ChaosProxy.start({ target: { host: '127.0.0.1', port }, rng });
    proxies.push(proxy);
    return proxy.port;
  };
  const network = await ProcessNetwork.create({ nodes, threshold, reachedAt });
  try {
    const palm = randomPalm(rng);
    await network.request(1, 'registration.run', await enrolment(network.splitter, { 'right-palm': palm }, Date.now()), 60_000);
    for (const proxy of proxies) proxy.set({ delayMs });
    const answers = [];
    for (let run = -3 * nodes; run < repetitions; run++) {
      const body = await probe(network.splitter, authenticationContext(network.manifest, rng, Date.now()), capture(palm, rng));
      const start = performance.now();
      const answer = await network.request(1 + ((run + 3 * nodes) % nodes), 'authentication.run', body, 30_000);
      const ms = performance.now() - start;
      if (!answer.accepted || !answer.verified) throw new Error(`a registered palm was refused: ${answer.reason}`);
      if (run >= 0) answers.push({ ms, stages: answer.stages });
    }
    const latency = percentiles(answers.map(({ ms }) => ms));
    const stages = Object.keys(answers[0].stages).map((stage) => {
      const { p50, min } = percentiles(answers.map(({ stages: each }) => each[stage]));
      return { stage, p50, min, oneWayDelays: round(min / delayMs, 2), spentOn: spentOn[stage] };
    });
    return { decision: 'whole nodes: accepted, verified, signed', committees: 3, nodes, threshold, delayMs, ...latency, oneWayDelays: round(latency.p50 / delayMs, 2), latencyMs: latency, stages };
  } finally {
    await network.stop();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
  }
}
