import { rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { createInterface } from 'node:readline';
import { BoopError, isBoopError } from '@boop/shared';
import { z } from 'zod';

const nodeSchema = z.strictObject({ command: z.literal('node'), action: z.enum(['start', 'stop', 'kill']), party: z.number().int() });
const requestSchema = z.union([z.strictObject({ command: z.literal('status') }), z.strictObject({ command: z.literal('stop') }), nodeSchema]);
export type ControlRequest = z.infer<typeof requestSchema>;

const statusSchema = z.array(z.strictObject({ name: z.string(), running: z.boolean(), ready: z.boolean(), pid: z.number().optional(), address: z.string(), healthUrl: z.string() }));
export type ProcessStatus = z.infer<typeof statusSchema>[number];

const replySchema = z.union([
  z.strictObject({ ok: z.literal(true), status: statusSchema }),
  z.strictObject({ ok: z.literal(false), code: z.string(), message: z.string() }),
]);
type Reply = z.infer<typeof replySchema>;

/** A node that starts again may have to wait for its peers. */
const REPLY_TIMEOUT_MS = 60_000;
const LINE_BYTES_MAX = 1_000;

/** Listens on a UNIX socket that only the owner may use: one JSON object a line in, one out. */
export async function serveControl(socketPath: string, handle: (request: ControlRequest) => Promise<readonly ProcessStatus[]>): Promise<Server> {
  rmSync(socketPath, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    const lines = createInterface({ input: socket });
    lines.on('line', (line) => void answer(line, handle).then((reply) => socket.writable && socket.write(`${JSON.stringify(reply)}\n`)));
  });
  const umask = process.umask(0o077);
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve));
  } finally {
    process.umask(umask);
  }
  return server;
}

async function answer(line: string, handle: (request: ControlRequest) => Promise<readonly ProcessStatus[]>): Promise<Reply> {
  try {
    if (line.length > LINE_BYTES_MAX) throw new RangeError('line too long');
    return { ok: true, status: [...(await handle(requestSchema.parse(JSON.parse(line))))] };
  } catch (error) {
    if (isBoopError(error)) return { ok: false, code: error.code, message: error.message };
    return { ok: false, code: 'network.bad-request', message: 'the request could not be understood' };
  }
}

/** Asks a running launcher. @throws BoopError `network.not-running`, or the launcher's own error */
export async function askControl(socketPath: string, request: ControlRequest): Promise<readonly ProcessStatus[]> {
  const line = await new Promise<string>((resolve, reject) => {
    const socket = connect(socketPath);
    const fail = (): void => reject(new BoopError('network.not-running', 'no network is running in this data folder', { kind: 'unavailable' }));
    socket.setTimeout(REPLY_TIMEOUT_MS, () => socket.destroy());
    socket.once('error', fail).once('close', fail);
    socket.once('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    createInterface({ input: socket }).once('line', (text) => {
      resolve(text);
      socket.destroy();
    }).on('error', () => undefined);
  });
  const reply = replySchema.parse(JSON.parse(line));
  if (!reply.ok) throw new BoopError(reply.code, reply.message);
  return reply.status;
}

export async function isRunning(socketPath: string): Promise<boolean> {
  return await askControl(socketPath, { command: 'status' }).then(
    () => true,
    () => false,
  );
}
