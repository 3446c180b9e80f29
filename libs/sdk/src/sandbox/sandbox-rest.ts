import { createAuthenticationSchema, probeSchema, problemOf } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { type z } from 'zod';
import { type SandboxAuthentications } from './sandbox-authentications.ts';
import { type SandboxNetwork } from './sandbox-network.ts';

/** The REST interface as a `fetch`: the routes that the SDK's clients use. */
export function sandboxFetch(network: SandboxNetwork, authentications: SandboxAuthentications): typeof fetch {
  const answer = async (method: string, path: string, body: unknown): Promise<unknown> => {
    const [, version, resource, id, action] = path.split('/').map(decodeURIComponent);
    if (path === '/v1/network') return network.info;
    if (path === '/.well-known/jwks.json') return network.jwks;
    if (version === 'v1' && resource === 'ledger' && id === 'proofs') return proof(network, action);
    if (version !== 'v1' || resource !== 'authentications') throw new BoopError('request.not-found', 'the sandbox has no such resource');
    if (id === undefined && method === 'POST') return authentications.create(parse(createAuthenticationSchema, body));
    if (id !== undefined && action === undefined && method === 'GET') return authentications.get(id);
    if (id !== undefined && action === 'cancel' && method === 'POST') return authentications.cancel(id);
    if (id !== undefined && action === 'probe' && method === 'POST') {
      const probe = parse(probeSchema, body);
      if (!('split' in probe)) throw new BoopError('split.gateway-not-allowed', 'the sandbox takes splits only');
      return withoutToken(await authentications.present(id, probe.split));
    }
    throw new BoopError('request.not-found', 'the sandbox has no such resource');
  };
  return async (input, init = {}) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    try {
      init.signal?.throwIfAborted();
      const body: unknown = typeof init.body === 'string' ? JSON.parse(init.body) : undefined;
      return Response.json(await answer(init.method ?? 'GET', pathname, body));
    } catch (error) {
      if (init.signal?.aborted) throw error;
      const problem = problemOf(error);
      return Response.json(problem, { status: problem.status });
    }
  };
}

function proof(network: SandboxNetwork, entry: string | undefined): unknown {
  const found = entry === undefined ? undefined : network.proof(entry);
  if (!found) throw new BoopError('request.not-found', 'there is no such entry');
  return { proof: found };
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new BoopError('request.malformed', 'the request does not have the documented form');
  return parsed.data;
}

/** A terminal never sees the token. */
function withoutToken<View extends { readonly result?: { readonly idToken?: string | undefined } | undefined }>(view: View): unknown {
  if (!view.result) return view;
  const { idToken: _, ...result } = view.result;
  return { ...view, result };
}
