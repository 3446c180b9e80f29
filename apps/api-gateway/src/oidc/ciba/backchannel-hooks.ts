import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider';
import { isBoopError } from '@boop/shared';
import { contextTimeoutSeconds } from '@boop/identity';
import { type AuthenticationRecord } from '../../domain/authentication-record.ts';
import { type OidcSurroundings } from '../provider/oidc-surroundings.ts';
import { type LoginHint, parseLoginHint } from './login-hints.ts';

type BackchannelRequest = InstanceType<Provider['BackchannelAuthenticationRequest']>;

/** Stands for the person until the nodes have found one; requests with `sub:…` or an `id_token_hint` name one. */
export const nobodyYet = 'nobody-yet';

const bindingMessageForm = /^[\p{L}\p{N}\p{P}\p{Zs}]{1,64}$/u;

/** OpenID Connect CIBA Core 1.0: how a backchannel request becomes an authentication context. */
export function backchannelHooks(use: Pick<OidcSurroundings, 'directory' | 'logins' | 'backchannel' | 'clock'>) {
  const { directory, logins, backchannel } = use;

  /** @throws UnknownUserId when the hint names nothing of this vendor's */
  async function assertKnown(vendorId: string, hint: LoginHint): Promise<void> {
    if (hint.kind === 'terminal' && (await directory.terminal(hint.id))?.vendorId !== vendorId) throw new errors.UnknownUserId('the vendor has no such terminal');
    if (hint.kind !== 'context') return;
    const record = await logins.get(vendorId, hint.id).catch(() => undefined);
    if (!record) throw new errors.UnknownUserId('the vendor has no such context');
    if (await backchannel.has(vendorId, hint.id)) throw new errors.InvalidRequest('the context answers another request');
  }

  return {
    async processLoginHint(ctx: KoaContextWithOIDC, text?: string): Promise<string> {
      const hint = parseLoginHint(text ?? '');
      if (!hint) throw new errors.InvalidRequest('login_hint must be context:…, terminal:… or sub:…');
      await assertKnown(ctx.oidc.client!.clientId, hint);
      return hint.kind === 'sub' ? hint.sub : nobodyYet;
    },
    async processLoginHintToken(): Promise<never> {
      throw new errors.InvalidRequest('login_hint_token is not supported');
    },
    async verifyUserCode(_ctx: KoaContextWithOIDC, _account: unknown, userCode?: string): Promise<void> {
      if (userCode !== undefined) throw new errors.InvalidRequest('user_code is not supported');
    },
    async validateBindingMessage(_ctx: KoaContextWithOIDC, message?: string): Promise<void> {
      if (message !== undefined && !bindingMessageForm.test(message)) throw new errors.InvalidBindingMessage('binding_message must be 1 to 64 printable characters');
    },
    async validateRequestContext(_ctx: KoaContextWithOIDC, requestContext?: string): Promise<void> {
      if (requestContext !== undefined) throw new errors.InvalidRequest('request_context is not supported');
    },
    /** Opens the context, or takes the one that the hint names, and ties the request to it. */
    async triggerAuthenticationDevice(ctx: KoaContextWithOIDC, request: BackchannelRequest): Promise<void> {
      const vendorId = ctx.oidc.client!.clientId;
      const params = ctx.oidc.params as Record<string, unknown>;
      const hint = typeof params['login_hint'] === 'string' ? parseLoginHint(params['login_hint']) : undefined;
      const record = await contextFor(vendorId, hint, params, request.accountId === nobodyYet ? undefined : request.accountId);
      const expiresAtMs = use.clock.nowMs() + request.remainingTTL * 1000;
      if (!(await backchannel.add({ vendorId, contextId: record.id, requestId: request.jti }, expiresAtMs))) throw new errors.InvalidRequest('the context answers another request');
      // For a person's own device where no terminal was named.
      Object.assign(ctx.body as object, { boop_context: record.id, boop_link: record.link });
    },
  };

  async function contextFor(vendorId: string, hint: LoginHint | undefined, params: Record<string, unknown>, subject: string | undefined): Promise<AuthenticationRecord> {
    if (hint?.kind === 'context') return await logins.get(vendorId, hint.id);
    try {
      const timeoutSeconds = params['requested_expiry'] === undefined ? undefined : Math.min(Number(params['requested_expiry']), contextTimeoutSeconds.access);
      return await logins.open(vendorId, params, { terminalId: hint?.kind === 'terminal' ? hint.id : undefined, subject, timeoutSeconds });
    } catch (error) {
      if (isBoopError(error) && error.code === 'request.forbidden') throw new errors.AccessDenied(error.message);
      if (isBoopError(error) && (error.kind === 'unavailable' || error.code === 'request.rate-limited')) throw new errors.TemporarilyUnavailable(error.message);
      throw error;
    }
  }
}
