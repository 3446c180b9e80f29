import { registrationReceiptSchema, registrationSampleTakenSchema, registrationSessionSchema, type RegistrationSessionView } from '@boop/protocol';
import { isBoopError } from '@boop/shared';
import { type SdkPorts } from '../ports.ts';
import { createRestClient } from '../rest/rest-client.ts';
import { delay } from '../waiting.ts';
import { type RegistrationSession, type SessionSecret } from './registration-session.ts';

/** Agreement, de-duplication by every committee and storage at all nodes. */
const completeTimeoutMs = 60_000;
const pollMs = 1_000;

/** One registration over REST, in the session of a link; its secret goes with each request. */
export function openRestRegistrationSession(gatewayUrl: string, { invitation, signal }: { invitation: SessionSecret; signal?: AbortSignal | undefined }, ports: SdkPorts): RegistrationSession {
  const rest = createRestClient(gatewayUrl, undefined, ports);
  const path = `/v1/registrations/${encodeURIComponent(invitation.registrationId)}`;
  let { secret } = invitation;
  let isEnded = false;
  const read = (): Promise<RegistrationSessionView> => rest.request('POST', `${path}/session`, { schema: registrationSessionSchema, body: { secret }, idempotent: true, signal });

  return {
    async start() {
      // A link opens its session once: asked again it would be refused.
      const session = await rest.request('POST', `${path}/session`, { schema: registrationSessionSchema, body: { secret }, once: true, signal });
      secret = session.secret;
      return session;
    },
    async giveConsent(consent) {
      await rest.request('POST', `${path}/consent`, { schema: registrationSessionSchema, body: { secret, consent }, idempotent: true, signal });
    },
    report: ({ position, index, quality }) =>
      rest.request('POST', `${path}/samples`, { schema: registrationSampleTakenSchema, body: { secret, position, index, quality: { score: quality.score, reasons: [...quality.reasons] } }, idempotent: true, signal }),
    async complete(split) {
      const deadlineMs = ports.clock.nowMs() + completeTimeoutMs;
      try {
        const receipt = await rest.request('POST', `${path}/completion`, { schema: registrationReceiptSchema, body: { secret, split }, timeoutMs: completeTimeoutMs, once: true, signal });
        isEnded = true;
        return receipt;
      } catch (error) {
        if (!isBoopError(error) || error.code !== 'connection.lost') throw error;
        // The answer was lost: the session knows what became of it.
        for (;;) {
          const { state, receipt } = await read();
          if (receipt) {
            isEnded = true;
            return receipt;
          }
          if (state !== 'running' || ports.clock.nowMs() >= deadlineMs) throw error;
          await delay(pollMs, signal);
        }
      }
    },
    cancel() {
      if (isEnded) return;
      isEnded = true;
      // Whoever goes away does not wait; the session ends by its time if this is lost.
      rest.request('POST', `${path}/session/cancel`, { schema: registrationSessionSchema, body: { secret }, once: true }).catch(() => undefined);
    },
    close() {},
  };
}
