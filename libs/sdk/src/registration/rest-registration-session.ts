import { type Position, type SigningKey } from '@boop/identity';
import { type NetworkInfo, networkInfoSchema, registrationReceiptSchema, registrationSampleTakenSchema, registrationSessionSchema, type RegistrationSessionView, subjectPaths } from '@boop/protocol';
import { isBoopError } from '@boop/shared';
import { type z } from 'zod';
import { createConsentsClient } from '../consents/consents-client.ts';
import { keySigner } from '../consents/owner-signer.ts';
import { type SdkPorts } from '../ports.ts';
import { createRestClient, type RestRequest } from '../rest/rest-client.ts';
import { delay } from '../waiting.ts';
import { type RegistrationSession, type SessionSecret } from './registration-session.ts';

/** Agreement, de-duplication by every committee and storage at all nodes. */
const completeTimeoutMs = 60_000;
const pollMs = 1_000;

/** Whose own session it is, without a link: to register the same palms anew. */
export interface ReEnrolment {
  readonly accountKey: SigningKey;
  readonly positions: readonly Position[];
  readonly locale?: string | undefined;
  /** Of the network for which the request is signed. */
  readonly guard: (network: NetworkInfo) => Promise<NetworkInfo>;
}

/** One registration over REST, in the session of a link or in one's own; its secret goes with each request. */
export function openRestRegistrationSession(gatewayUrl: string, { opening, signal }: { opening: SessionSecret | ReEnrolment; signal?: AbortSignal | undefined }, ports: SdkPorts): RegistrationSession {
  const rest = createRestClient(gatewayUrl, undefined, ports);
  let session: SessionSecret | undefined = 'secret' in opening ? opening : undefined;
  let isEnded = false;
  const step = <T>(name: string, schema: z.ZodType<T>, body: object = {}, options: Omit<RestRequest<T>, 'schema' | 'body'> = { idempotent: true }): Promise<T> =>
    rest.request('POST', `/v1/registrations/${encodeURIComponent(session!.registrationId)}/${name}`, { schema, body: { secret: session!.secret, ...body }, signal, ...options });
  const read = (): Promise<RegistrationSessionView> => step('session', registrationSessionSchema);
  const reEnrol = async ({ accountKey, positions, locale, guard }: ReEnrolment): Promise<RegistrationSessionView> => {
    const { networkId } = await guard(await rest.request('GET', '/v1/network', { schema: networkInfoSchema, signal }));
    const authorization = await createConsentsClient({ gatewayUrl, networkId, signer: keySigner(accountKey), ports }).authorization('POST', subjectPaths.reEnrol);
    return await rest.request('POST', subjectPaths.reEnrol, { schema: registrationSessionSchema, body: { positions, locale }, headers: { authorization }, once: true, signal });
  };

  return {
    async start() {
      // A link opens its session once: asked again it would be refused.
      const opened = 'secret' in opening ? await step('session', registrationSessionSchema, {}, { once: true }) : await reEnrol(opening);
      session = { registrationId: opened.context.registrationId, secret: opened.secret };
      return opened;
    },
    async giveConsent(consent) {
      await step('consent', registrationSessionSchema, { consent });
    },
    report: ({ position, index, quality }) => step('samples', registrationSampleTakenSchema, { position, index, quality: { score: quality.score, reasons: [...quality.reasons] } }),
    async complete(split) {
      const deadlineMs = ports.clock.nowMs() + completeTimeoutMs;
      try {
        const receipt = await step('completion', registrationReceiptSchema, { split }, { timeoutMs: completeTimeoutMs, once: true });
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
      if (isEnded || !session) return;
      isEnded = true;
      // Whoever goes away does not wait, nor is held up by what made them go; the session ends by its time if this is lost.
      step('session/cancel', registrationSessionSchema, {}, { once: true, signal: undefined }).catch(() => undefined);
    },
    close() {},
  };
}
