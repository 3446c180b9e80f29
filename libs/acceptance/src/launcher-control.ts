import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface ProcessStatus {
  readonly name: string;
  readonly running: boolean;
  readonly ready: boolean;
  readonly pid?: number;
  readonly address: string;
  readonly healthUrl: string;
}

type Request = { readonly command: 'status' } | { readonly command: 'node'; readonly action: 'start' | 'stop' | 'kill'; readonly party: number };
type Reply = { readonly ok: true; readonly answer: readonly ProcessStatus[] } | { readonly ok: false; readonly code: string; readonly message: string };

const replyTimeoutMs = 60_000;

/** One request over the launcher's control socket: a JSON object a line, as `boop network status` and `boop network node` send it. */
export async function askLauncher(dataDir: string, request: Request): Promise<readonly ProcessStatus[]> {
  const line = await new Promise<string>((resolve, reject) => {
    const socket = connect(join(dataDir, 'control.sock'));
    socket.setTimeout(replyTimeoutMs, () => socket.destroy(new Error('the launcher did not answer in time')));
    socket.once('error', reject).once('close', () => reject(new Error('the launcher closed the connection')));
    socket.once('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    createInterface({ input: socket })
      .on('error', () => undefined)
      .once('line', (text) => {
        resolve(text);
        socket.destroy();
      });
  });
  const reply = JSON.parse(line) as Reply;
  if (!reply.ok) throw new Error(`${reply.code}: ${reply.message}`);
  return reply.answer;
}
