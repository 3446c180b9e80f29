import { type Server } from 'node:net';
import { bytesField } from '@boop/identity';
import { controlSocketIn, serveControlSocket } from '@boop/platform';
import { networkManifestSchema } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { z } from 'zod';
import { type Governance } from './governance.ts';

const digest = bytesField(32);
/** What a custodian may ask of the own node, over a socket that only the node's user may use. */
const requestSchema = z.discriminatedUnion('command', [
  /** `manifest` is checked by the same rules as any other. */
  z.strictObject({ command: z.literal('propose'), manifest: z.unknown(), lastsSeconds: z.number().int().min(1).max(30 * 86_400) }),
  z.strictObject({ command: z.literal('decide'), digest, decision: z.enum(['approve', 'reject']) }),
  z.strictObject({ command: z.literal('proposals') }),
  z.strictObject({ command: z.literal('manifest') }),
]);

/** Serves a node's custodian. @param dir the node's folder */
export async function serveCustodian(dir: string, governance: Pick<Governance, 'proposals' | 'inForce'>): Promise<Server> {
  const { proposals } = governance;
  return await serveControlSocket(controlSocketIn(dir), async (value) => {
    const parsed = requestSchema.safeParse(value);
    if (!parsed.success) throw new BoopError('request.malformed', 'the request does not have the documented form');
    const request = parsed.data;
    switch (request.command) {
      case 'propose': {
        const manifest = networkManifestSchema.safeParse(request.manifest);
        if (!manifest.success) throw new BoopError('manifest.invalid', manifest.error.issues.map(({ path, message }) => `${path.join('.') || 'manifest'}: ${message}`).join('; '));
        return { digest: await proposals.propose(manifest.data, request.lastsSeconds) };
      }
      case 'decide':
        await proposals.decide(request.digest, request.decision);
        return {};
      case 'proposals':
        return { proposals: proposals.list() };
      case 'manifest':
        return { manifest: governance.inForce() ?? null };
    }
  });
}
