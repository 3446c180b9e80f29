import { describeError, type Logger } from '@boop/platform';
import { errors, type Provider } from 'oidc-provider';
import { type AuthenticationRecord, isDue } from '../../domain/authentication-record.ts';
import { type Clock } from '@boop/shared';
import { palmGrantId, type PalmLogins } from '../login/palm-logins.ts';
import { nobodyYet } from './backchannel-hooks.ts';
import { type BackchannelRequests, type WaitingRequest } from './backchannel-requests.ts';

const batchSize = 100;

export interface SettlementDependencies {
  readonly provider: () => Provider;
  readonly logins: PalmLogins;
  readonly backchannel: BackchannelRequests;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Gives every waiting backchannel request the outcome of its context, and pings who asked for it; repeated by a job. */
export async function settleBackchannelRequests(use: SettlementDependencies): Promise<void> {
  // Side by side: a client that is slow to take its ping keeps nobody waiting.
  await Promise.all((await use.backchannel.waiting(batchSize)).map((waiting) => settleOne(use, waiting)));
}

async function settleOne(use: SettlementDependencies, waiting: WaitingRequest): Promise<void> {
  try {
    const record = await use.logins.get(waiting.vendorId, waiting.contextId);
    const open = !isDue(record, use.clock.nowMs()) && (record.status === 'pending' || record.status === 'processing');
    if (open || !(await use.backchannel.take(waiting))) return;
    await settle(use, waiting, record).catch(async (error: unknown) => {
      await use.backchannel.putBack(waiting);
      throw error;
    });
  } catch (error) {
    use.log.warn('a backchannel request could not be settled', { vendorId: waiting.vendorId, error: describeError(error) });
  }
}

async function settle({ provider: current, logins, log }: SettlementDependencies, { vendorId, contextId, requestId }: WaitingRequest, record: AuthenticationRecord): Promise<void> {
  const provider = current();
  const request = await provider.BackchannelAuthenticationRequest.find(requestId);
  if (!request) return;
  const token = logins.tokenOf(record);
  const expected = request.accountId;
  if (!token) return await result(request, failureOf(record));
  if (expected !== nobodyYet && expected !== token.claims.sub) return await result(request, new errors.AccessDenied('another person answered'));
  const { sub, acr, amr, auth_time: authTime } = token.claims;
  const grant = new provider.Grant({ accountId: sub, clientId: vendorId });
  grant.jti = palmGrantId(vendorId, contextId);
  grant.addOIDCScope('openid');
  await grant.save();
  request.accountId = sub;
  // The token answers the nonce of its context, which the vendor gave when it opened that context.
  request.nonce = token.claims.nonce;
  await result(request, grant, { acr, amr, authTime });

  async function result(...[to, outcome, details]: Parameters<Provider['backchannelResult']>): Promise<void> {
    try {
      await provider.backchannelResult(to, outcome, details);
    } catch (error) {
      const stored = await provider.BackchannelAuthenticationRequest.find(requestId);
      // The outcome is stored before the ping goes out: a client that can't be reached may still poll.
      if (!stored?.grantId && !stored?.error) throw error;
      log.warn('a ping could not be delivered', { vendorId, error: describeError(error) });
    }
  }
}

function failureOf({ status, result }: AuthenticationRecord): errors.OIDCProviderError {
  if (status === 'expired' || status === 'pending' || status === 'processing') return new errors.ExpiredToken('nobody answered in time');
  return new errors.AccessDenied(status === 'cancelled' ? 'the request was cancelled' : `the authentication failed: ${result?.reason ?? 'capture'}`);
}
