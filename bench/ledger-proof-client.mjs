// The client of bench/ledger.mjs, on a thread of its own so that it never waits for the ledger's event loop or holds it up.
import { Agent, get } from 'node:http';
import { text } from 'node:stream/consumers';
import { parentPort, workerData } from 'node:worker_threads';

const { url, hashes, clients } = workerData;
const agent = new Agent({ keepAlive: true, maxSockets: clients });

async function proof(hash) {
  const response = await new Promise((resolve, reject) => get(`${url}/v1/log/proofs/${hash}`, { agent }, resolve).on('error', reject));
  const body = await text(response);
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
  return body;
}

const times = new Array(hashes.length);
const bodies = new Array(hashes.length);
let next = 0;
async function client() {
  while (next < hashes.length) {
    const at = next++;
    const start = performance.now();
    bodies[at] = await proof(hashes[at]);
    times[at] = performance.now() - start;
  }
}
await Promise.all(Array.from({ length: clients }, client));
agent.destroy();
parentPort.postMessage({ times, bodies });
