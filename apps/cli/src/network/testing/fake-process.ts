import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

/**
 * Stands for any process of a network: takes its health address from its configuration, says when it is ready, ends when told. A node whose id is
 * in FAKE_CRASH fails at once. Loads nothing, so that many can start quickly.
 */
const config = readFileSync(process.env['BOOP_CONFIG']!, 'utf8');
const nodeId = /^nodeId: (\d+)$/m.exec(config)?.[1];
if (nodeId !== undefined && nodeId === process.env['FAKE_CRASH']) throw new RangeError('this node was told to crash');
const port = Number(/^health:\n {2}host: \S+\n {2}port: (\d+)$/m.exec(config)?.[1] ?? /^http:\n {2}host: \S+\n {2}port: (\d+)$/m.exec(config)?.[1]);

const startedMs = Date.now();
createServer((_request, response) => response.writeHead(Date.now() - startedMs > 50 ? 200 : 503).end()).listen(port, '127.0.0.1');
for (const signal of ['SIGTERM', 'disconnect']) process.once(signal, () => process.exit(0));
