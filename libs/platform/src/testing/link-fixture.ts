import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDevCa, type DevCa, issueCertificate } from '../tls/dev-ca.ts';
import { type PeerIdentity, peerUri } from '../tls/peer-identity.ts';
import { type TlsMaterial } from '../tls/tls-material.ts';

/** Certificates of a throw-away network, for this package's own tests. */
export class TestNetwork {
  readonly networkId: string;
  readonly #ca: DevCa;
  readonly #dir: string;

  private constructor(networkId: string, ca: DevCa, dir: string) {
    this.networkId = networkId;
    this.#ca = ca;
    this.#dir = dir;
  }

  static async create(networkId = 'test-net'): Promise<TestNetwork> {
    const dir = mkdtempSync(join(tmpdir(), 'boop-ca-'));
    return new TestNetwork(networkId, await createDevCa(join(dir, 'ca')), dir);
  }

  async tlsFor(peer: PeerIdentity): Promise<TlsMaterial> {
    return await this.tlsForUri(peerUri(this.networkId, peer));
  }

  async tlsForUri(uri: string): Promise<TlsMaterial> {
    return await issueCertificate(this.#ca, { commonName: 'test', uri });
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** Polls until the condition holds. @throws Error after `timeoutMs` */
export async function eventually(condition: () => boolean, timeoutMs = 60_000): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; !condition(); ) {
    if (Date.now() > deadline) throw new Error('the condition did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
