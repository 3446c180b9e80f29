// Parties as real processes on this machine: certificates of a throw-away authority, a full mesh over mTLS 1.3, commands over Node's IPC.
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDevCa, issueCertificate, peerUri } from '@boop/platform';

export const networkId = 'bench';
/**
 * Messages of one round outlive the young generation's default, and what is promoted is collected with the whole heap. That is marked all the time unless
 * the old generation, a few MiB here, may grow by more than the young one holds.
 */
const generations = ['--max-semi-space-size=64', '--heap-growing-percent=1000'];
const partyFile = fileURLToPath(new URL('party.mjs', import.meta.url));

/** @param addressOf (from, to, port) → where party `from` reaches party `to`; a delay proxy may stand between */
export async function startParties(count, { addressOf = (_from, _to, port) => port } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'boop-bench-'));
  const ca = await createDevCa(join(dir, 'ca'));
  const ids = Array.from({ length: count }, (_, i) => i + 1);
  const ports = await freePorts(count);
  const children = [];
  for (const id of ids) {
    const tls = await issueCertificate(ca, { commonName: `party ${id}`, uri: peerUri(networkId, { role: 'node', id: String(id) }) });
    const nodes = [];
    for (const to of ids) nodes.push({ id: to, host: '127.0.0.1', port: to === id ? ports[to - 1] : await addressOf(id, to, ports[to - 1]) });
    const child = fork(partyFile, [], { execArgv: [...process.execArgv, ...generations], serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.on('exit', (code) => code && (process.exitCode = 1));
    children.push(child);
    child.send({ command: 'connect', argument: { id, nodes, tls, networkId } });
  }
  const gatewayTls = await issueCertificate(ca, { commonName: 'gateway', uri: peerUri(networkId, { role: 'gateway', id: 'main' }) });
  rmSync(dir, { recursive: true, force: true });
  await Promise.all(children.map(answer));
  return {
    ids,
    ports,
    gatewayTls,
    /** Sends the command to all (or some) at once; their answers in the order of ids. A failed one throws. */
    async all(command, argumentOf = () => undefined, some = ids) {
      const chosen = some.map((id) => children[id - 1]);
      const answers = chosen.map(answer);
      some.forEach((id, at) => chosen[at].send({ command, argument: argumentOf(id) }));
      return await Promise.all(answers);
    },
    async stop() {
      await Promise.all(children.map((child) => new Promise((resolve) => (child.exitCode !== null ? resolve() : (child.once('exit', resolve), child.disconnect())))));
    },
  };
}

function answer(child) {
  return new Promise((resolve, reject) => {
    const ended = (code) => reject(new Error(`a party ended with ${code}`));
    child.once('exit', ended);
    child.once('message', ({ result, error }) => {
      child.off('exit', ended);
      if (error) reject(new Error(error));
      else resolve(result);
    });
  });
}

async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
