import { CustodianTls, loadTlsMaterial, type Logger, type NodeCustody, type NodeMesh, type TlsMaterial } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { type NodeConfig } from './config.ts';

const lookEveryMs = 1_000;

/** TLS of this node: fixed files under a development authority, or a custodian's own, which changes with the manifest. */
export type NodeTls = TlsMaterial | CustodianTls;

/** @throws BoopError as of {@link loadTlsMaterial} */
export function openTls({ tls, networkId, nodeId }: NodeConfig, custody: NodeCustody): NodeTls {
  return 'sealedFile' in tls ? new CustodianTls({ file: tls.sealedFile, servicesFile: tls.servicesFile, networkId, party: nodeId, custody }) : loadTlsMaterial(tls);
}

export async function materialOf(tls: NodeTls, manifests: readonly NetworkManifest[]): Promise<TlsMaterial> {
  return tls instanceof CustodianTls ? await tls.material(manifests) : tls;
}

/**
 * Takes up new certificates, members and services while the node runs.
 * @param manifests the one in force first
 * @returns a function that ends it
 */
export function keepTls(tls: NodeTls, initial: TlsMaterial, mesh: Pick<NodeMesh, 'renew'>, manifests: () => readonly NetworkManifest[], log: Logger): () => void {
  if (!(tls instanceof CustodianTls)) return () => undefined;
  let last = initial;
  let complaint: string | undefined;
  const look = async (): Promise<void> => {
    try {
      const fresh = await tls.material(manifests());
      if (fresh !== last) {
        mesh.renew(fresh);
        log.info('TLS renewed', { notAfter: tls.notAfter()?.toISOString() });
      }
      last = fresh;
      complaint = undefined;
    } catch (error) {
      // Looked for every second: said once.
      if (complaint !== String(error)) log.error('TLS not renewed', { error });
      complaint = String(error);
    }
  };
  void look();
  const timer = setInterval(() => void look(), lookEveryMs);
  return () => clearInterval(timer);
}
