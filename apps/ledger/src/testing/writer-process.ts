import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Receipt, type Submission } from '../map/mutation-intake.ts';
import { type ToChild, type ToParent, type WriterStart } from './crashing-writer.ts';
import { type SimulatedNode } from './simulated-node.ts';

const SCRIPT = fileURLToPath(new URL('crashing-writer.ts', import.meta.url));

type Request = { readonly type: 'append'; readonly entry: Uint8Array } | { readonly type: 'mutate'; readonly submission: Submission } | { readonly type: 'start'; readonly start: WriterStart };

/** A ledger's writing half in a process that may die at any moment; the nodes live here and survive it. */
export class WriterProcess {
  readonly #child: ChildProcess;
  readonly #nodes: readonly SimulatedNode[];
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  readonly ended: Promise<NodeJS.Signals | number | null>;
  #nextId = 1;

  constructor(nodes: readonly SimulatedNode[]) {
    this.#nodes = nodes;
    this.#child = fork(SCRIPT, [], { execArgv: ['--conditions=@boop/source', '--disable-warning=ExperimentalWarning'], serialization: 'advanced', env: { PATH: process.env['PATH'] } });
    this.#child.on('message', (message: ToParent) => void this.#receive(message));
    this.ended = new Promise((resolve) => this.#child.once('exit', (code, signal) => resolve(signal ?? code)));
    void this.ended.then(() => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the process ended'));
      this.#waiting.clear();
    });
  }

  async start(start: WriterStart): Promise<void> {
    await this.#request({ type: 'start', start });
  }

  /** @throws Error when the process refuses or ends */
  async append(entry: Uint8Array): Promise<number> {
    return (await this.#request({ type: 'append', entry })) as number;
  }

  async mutate(submission: Submission): Promise<Receipt> {
    return (await this.#request({ type: 'mutate', submission })) as Receipt;
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  async #request(request: Request): Promise<unknown> {
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    this.#send({ ...request, id });
    return await promise;
  }

  #send(message: ToChild): void {
    // A process that has just died answers nothing; `ended` settles what waits.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  async #receive(message: ToParent): Promise<void> {
    if (message.type === 'ask') {
      const node = this.#nodes.find(({ party }) => party === message.party)!;
      const answer = await node.request(message.method, message.body).then((value) => ({ value }), () => ({ failed: true }));
      return this.#send({ id: message.id, type: 'answer', ...answer });
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.type === 'done') waiting?.resolve(message.value);
    else waiting?.reject(new Error('refused'));
  }
}
