import { createHash } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BoopError, isBoopError } from '@boop/shared';
import { z } from 'zod';

/** Longest path of a UNIX socket on Linux, in bytes, without its final zero. */
const socketPathBytesMax = 107;
const lineBytesMax = 1 << 20;

const replySchema = z.union([z.strictObject({ ok: z.literal(true), answer: z.unknown() }), z.strictObject({ ok: z.literal(false), code: z.string(), message: z.string() })]);

/** Where the control socket of a folder lies: in it, or in the system's temporary folder when its path is too long. */
export function controlSocketIn(dir: string, name = 'control.sock'): string {
  const socket = join(dir, name);
  return Buffer.byteLength(socket) <= socketPathBytesMax ? socket : join(tmpdir(), `boop-${createHash('sha256').update(socket).digest('hex').slice(0, 16)}.sock`);
}

/** Listens on a UNIX socket that only this user may use: one JSON object a line in, one out. What `handle` throws is told by code and message. */
export async function serveControlSocket(socketPath: string, handle: (request: unknown) => Promise<unknown>): Promise<Server> {
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
  chmodSync(socketPath, 0o600);
  return server;
}

async function answer(line: string, handle: (request: unknown) => Promise<unknown>): Promise<z.infer<typeof replySchema>> {
  try {
    if (line.length > lineBytesMax) throw new RangeError('line too long');
    return { ok: true, answer: await handle(JSON.parse(line)) };
  } catch (error) {
    if (isBoopError(error)) return { ok: false, code: error.code, message: error.message };
    return { ok: false, code: 'control.bad-request', message: 'the request could not be understood' };
  }
}

/** Asks whoever listens. @throws BoopError `control.not-running`, or the error of whoever listens */
export async function askControlSocket(socketPath: string, request: unknown, timeoutMs: number): Promise<unknown> {
  const line = await new Promise<string>((resolve, reject) => {
    const socket = connect(socketPath);
    const fail = (): void => reject(new BoopError('control.not-running', 'nothing that could be asked is running there', { kind: 'unavailable' }));
    socket.setTimeout(timeoutMs, () => socket.destroy());
    socket.once('error', fail).once('close', fail);
    socket.once('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    createInterface({ input: socket })
      .on('error', () => undefined)
      .once('line', (text) => {
        resolve(text);
        socket.destroy();
      });
  });
  const reply = replySchema.parse(JSON.parse(line));
  if (!reply.ok) throw new BoopError(reply.code, reply.message);
  return reply.answer;
}
