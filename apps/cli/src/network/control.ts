import { type Server } from 'node:net';
import { askControlSocket, serveControlSocket } from '@boop/platform';
import { BoopError, isBoopError } from '@boop/shared';
import { z } from 'zod';

const nodeSchema = z.strictObject({ command: z.literal('node'), action: z.enum(['start', 'stop', 'kill']), party: z.number().int() });
const requestSchema = z.union([z.strictObject({ command: z.literal('status') }), z.strictObject({ command: z.literal('stop') }), nodeSchema]);
export type ControlRequest = z.infer<typeof requestSchema>;

const statusSchema = z.array(z.strictObject({ name: z.string(), running: z.boolean(), ready: z.boolean(), pid: z.number().optional(), address: z.string(), healthUrl: z.string() }));
export type ProcessStatus = z.infer<typeof statusSchema>[number];

/** A node that starts again may have to wait for its peers. */
const REPLY_TIMEOUT_MS = 60_000;

/** Serves the launcher's commands to its owner. */
export async function serveControl(socketPath: string, handle: (request: ControlRequest) => Promise<readonly ProcessStatus[]>): Promise<Server> {
  return await serveControlSocket(socketPath, async (request) => await handle(requestSchema.parse(request)));
}

/** Asks a running launcher. @throws BoopError `network.not-running`, or the launcher's own error */
export async function askControl(socketPath: string, request: ControlRequest): Promise<readonly ProcessStatus[]> {
  try {
    return statusSchema.parse(await askControlSocket(socketPath, request, REPLY_TIMEOUT_MS));
  } catch (error) {
    if (!isBoopError(error) || error.code !== 'control.not-running') throw error;
    throw new BoopError('network.not-running', 'no network is running in this data folder', { kind: 'unavailable' });
  }
}

export async function isRunning(socketPath: string): Promise<boolean> {
  return await askControl(socketPath, { command: 'status' }).then(
    () => true,
    () => false,
  );
}
