import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { unavailableIfOutage } from '@boop/platform';
import { type ProblemCode, problems } from '@boop/protocol';
import { BoopError, isBoopError } from '@boop/shared';
import { loginPolicy } from '../pages/content-policy.ts';
import { lostPage, loginPage } from './login-page.ts';
import { type Login, type LoginService } from './login-service.ts';

const assetsDir = new URL('../../../assets/login/', import.meta.url);
const assets = { 'login.js': 'text/javascript; charset=utf-8', 'login.css': 'text/css; charset=utf-8' } as const;

export interface LoginRoutes {
  readonly service: LoginService;
  /** The public origin, from which alone the page's forms and scripts are accepted. */
  readonly origin: string;
  readonly passkeys: boolean;
}

type LoginRequest = FastifyRequest<{ Params: { uid: string }; Querystring: { again?: string } }>;

/** The sign-in page and what it asks for, in a scope of their own. All of it is bound to the browser by the provider's cookie. */
export function mountLogin(server: FastifyInstance, { service, origin, passkeys }: LoginRoutes): void {
  for (const [name, type] of Object.entries(assets)) {
    const content = readFileSync(fileURLToPath(new URL(name, assetsDir)));
    server.get(`/login/assets/${name}`, (_request, reply) => reply.headers({ 'content-type': type, 'cache-control': 'public, max-age=3600' }).send(content));
  }
  // The page's forms have no fields: where they lead says it all.
  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string', bodyLimit: 4_096 }, (_request, _body, done) => done(null, {}));
  const show = (reply: FastifyReply, login: Login): FastifyReply => {
    const redirect = login.redirectUri === undefined ? undefined : URL.parse(login.redirectUri)?.origin;
    return sendPage(reply.status(200), loginPage(login, { passkeys }), redirect === 'null' ? undefined : redirect);
  };

  server.get('/login/:uid', (request: LoginRequest, reply) =>
    answered(reply, async () => show(reply, await service.present(request.raw, reply.raw, request.params.uid, request.query.again === '1'))),
  );
  server.get('/login/:uid/state', async (request: LoginRequest, reply) => {
    try {
      const { status } = await service.find(request.raw, reply.raw, request.params.uid);
      return { status };
    } catch (error) {
      return await refused(reply, error).send({ status: 'over' });
    }
  });
  const forms = { finish: service.finish.bind(service), cancel: service.cancel.bind(service) };
  for (const [name, act] of Object.entries(forms)) {
    server.post(`/login/:uid/${name}`, (request: LoginRequest, reply) =>
      answered(reply, async () => {
        assertOwnPage(request, origin);
        return reply.header('content-security-policy', "default-src 'none'").redirect(await act(request.raw, reply.raw, request.params.uid), 303);
      }),
    );
  }
}

/** Other pages can't submit to the sign-in: browsers say where a request comes from. @throws BoopError `request.forbidden` */
export function assertOwnPage({ headers }: FastifyRequest, origin: string): void {
  const site = headers['sec-fetch-site'];
  if ((headers.origin !== undefined && headers.origin !== origin) || (site !== undefined && site !== 'same-origin')) throw new BoopError('request.forbidden', 'the request comes from another page');
}

async function answered(reply: FastifyReply, work: () => Promise<FastifyReply>): Promise<FastifyReply> {
  try {
    return await work();
  } catch (thrown) {
    const error = unavailableIfOutage(thrown);
    if (!isBoopError(error)) throw error;
    return sendPage(refused(reply, error), lostPage(error.kind === 'unavailable' ? 'The service is busy. Try again in a moment.' : `Sorry: ${error.message}.`));
  }
}

/** Gives an answer the status of a failure, and of one that passes when to ask again. */
export function refused(reply: FastifyReply, thrown: unknown): FastifyReply {
  const error = unavailableIfOutage(thrown);
  const status = (isBoopError(error) ? (problems[error.code as ProblemCode] as { status: number } | undefined)?.status : undefined) ?? 500;
  return (status === 503 ? reply.header('retry-after', '2') : reply).status(status);
}

/** Without a referrer at all browsers send `Origin: null` with a form, which tells nothing. */
const pageHeaders = { 'content-type': 'text/html; charset=utf-8', 'referrer-policy': 'same-origin' };

const sendPage = (reply: FastifyReply, text: string, redirectOrigin?: string): FastifyReply =>
  reply.headers({ ...pageHeaders, 'content-security-policy': loginPolicy(redirectOrigin) }).send(text);
