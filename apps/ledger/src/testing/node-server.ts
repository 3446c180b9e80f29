import { LinkServer, type TlsMaterial } from '@boop/platform';
import { type SimulatedNode } from './simulated-node.ts';

/** A simulated node behind a real mTLS link; it can go down and come back on its port. */
export class NodeServer {
  readonly node: SimulatedNode;
  readonly #networkId: string;
  readonly #tls: TlsMaterial;
  #server: LinkServer | undefined;
  #port = 0;

  constructor(node: SimulatedNode, networkId: string, tls: TlsMaterial) {
    this.node = node;
    this.#networkId = networkId;
    this.#tls = tls;
  }

  async up(port = this.#port): Promise<void> {
    const handlers = { request: (_peer: unknown, method: string, body: unknown) => this.node.request(method, body), session() {} };
    this.#server = new LinkServer({ tls: this.#tls, networkId: this.#networkId, authorize: ({ role }) => role === 'ledger', handlers });
    ({ port: this.#port } = await this.#server.listen(port, '127.0.0.1'));
  }

  async down(): Promise<void> {
    await this.#server?.close();
    this.#server = undefined;
  }
}
