import { type AuthenticationResponseJSON, type RegistrationResponseJSON } from '@simplewebauthn/server';
import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { assertOwnPage, refused } from '../oidc/login/login-routes.ts';
import { type PasskeyService } from './passkey-service.ts';

type PasskeyRequest = FastifyRequest<{ Params: { uid: string } }>;

/** What the sign-in page's script asks for; errors leave as a status alone, since the script shows its own text. */
export function mountPasskeys(server: FastifyInstance, { passkeys, origin }: { passkeys: PasskeyService; origin: string }): void {
  const route = (name: string, answer: (exchange: readonly [PasskeyRequest['raw'], FastifyReply['raw'], string], body: unknown) => Promise<object>): void => {
    server.post(`/login/:uid/passkey/${name}`, { bodyLimit: 64 * 1024 }, async (request: PasskeyRequest, reply) => {
      try {
        assertOwnPage(request, origin);
        return await answer([request.raw, reply.raw, request.params.uid], request.body);
      } catch (error) {
        return await refused(reply, error).send({});
      }
    });
  };
  route('challenge', (exchange) => passkeys.challenge(...exchange));
  route('sign-in', async (exchange, body) => ({ location: await passkeys.signIn(exchange, objectOf<AuthenticationResponseJSON>(body)) }));
  route('new', (exchange) => passkeys.registration(...exchange));
  route('register', async (exchange, body) => ({ location: await passkeys.register(exchange, objectOf<RegistrationResponseJSON>(body)) }));
}

/** The library checks every member that it reads; here it is only made sure that there are members. */
const objectOf = <Response>(body: unknown): Response => (typeof body === 'object' && body !== null ? body : {}) as Response;
