import { type IncomingMessage, type ServerResponse } from 'node:http';
import { errors, type InteractionResults, type Provider } from 'oidc-provider';
import { BoopError, type Clock } from '@boop/shared';
import { type AuthenticationRecord, isDue } from '../../domain/authentication-record.ts';
import { type DirectoryStore } from '../../services/ports.ts';
import { type ProviderHost } from '../provider/provider-host.ts';
import { type AcceptedWays } from './acr.ts';
import { palmGrantId, type PalmLogins } from './palm-logins.ts';

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** Contexts that one sign-in may open: each is shown for half a minute. */
const contextsMax = 20;

export type LoginStatus = 'waiting' | 'comparing' | 'accepted' | 'refused' | 'expired';

/** One sign-in at the gateway's page, as it stands. */
export interface Login {
  readonly uid: string;
  readonly vendor: { readonly id: string; readonly name: string; readonly sector: string };
  readonly record: AuthenticationRecord | undefined;
  readonly status: LoginStatus;
  readonly ways: AcceptedWays;
  readonly redirectUri: string | undefined;
}

interface Progress {
  readonly contextId?: string;
  readonly opened?: number;
}

export interface LoginDependencies {
  readonly host: ProviderHost;
  readonly logins: PalmLogins;
  readonly directory: Pick<DirectoryStore, 'vendor'>;
  readonly waysOf: (params: Readonly<Record<string, unknown>>) => AcceptedWays;
  readonly clock: Clock;
}

/** The sign-in page's work: contexts for the requests of relying parties, and what becomes of them. */
export class LoginService {
  readonly #use: LoginDependencies;

  constructor(use: LoginDependencies) {
    this.#use = use;
  }

  /**
   * The sign-in that a browser is in, by its cookie.
   * @throws BoopError `request.not-found` when there is none, or it is another one's
   */
  async find(request: IncomingMessage, response: ServerResponse, uid: string): Promise<Login> {
    return await this.#view(await this.#interaction(request, response, uid));
  }

  /** Opens the first context, or, when the person tries again, another one for one that has ended. @throws BoopError `request.not-found`, `request.rate-limited`, `mpc.nodes-unavailable` */
  async present(request: IncomingMessage, response: ServerResponse, uid: string, again: boolean): Promise<Login> {
    const interaction = await this.#interaction(request, response, uid);
    const login = await this.#view(interaction);
    const hasEnded = login.status === 'expired' || login.status === 'refused';
    if (!login.ways.palm || (login.record && !(again && hasEnded))) return login;
    const { opened = 0 } = progressOf(interaction);
    if (opened >= contextsMax) throw new BoopError('request.rate-limited', 'this sign-in has opened too many contexts');
    const record = await this.#use.logins.open(login.vendor.id, interaction.params);
    interaction.lastSubmission = { contextId: record.id, opened: opened + 1 } satisfies Progress as unknown as InteractionResults;
    await interaction.persist();
    return { ...login, record, status: 'waiting' };
  }

  /** The pairwise name of a palm that the nodes have accepted. */
  subOf({ record }: Login): string | undefined {
    return record && this.#use.logins.tokenOf(record)?.claims.sub;
  }

  /**
   * Hands an accepted context to the provider.
   * @returns where the browser goes on
   * @throws BoopError `request.conflict` before the nodes have accepted
   */
  async finish(request: IncomingMessage, response: ServerResponse, uid: string): Promise<string> {
    const { vendor, record } = await this.find(request, response, uid);
    const token = record && this.#use.logins.tokenOf(record);
    if (!token) throw new BoopError('request.conflict', 'nobody has signed in yet');
    const { sub, acr, amr, auth_time: authTime } = token.claims;
    return await this.complete(request, response, uid, { grantId: palmGrantId(vendor.id, record.id), sub, acr, amr: [...amr], authTime });
  }

  /** Hands a sign-in, by whatever way, to the provider. @returns where the browser goes on */
  async complete(request: IncomingMessage, response: ServerResponse, uid: string, signIn: { grantId: string; sub: string; acr: string; amr: string[]; authTime: number }): Promise<string> {
    const interaction = await this.#interaction(request, response, uid);
    const { provider } = this.#use.host;
    const grant = new provider.Grant({ accountId: signIn.sub, clientId: String(interaction.params['client_id']) });
    grant.jti = signIn.grantId;
    grant.addOIDCScope('openid');
    await grant.save();
    await this.#forgetSession(interaction);
    const login = { accountId: signIn.sub, acr: signIn.acr, amr: signIn.amr, ts: signIn.authTime, remember: false };
    return await provider.interactionResult(request, response, { login, consent: { grantId: signIn.grantId } }, { mergeWithLastSubmission: false });
  }

  /** The person does not want to. @returns where the browser goes on */
  async cancel(request: IncomingMessage, response: ServerResponse, uid: string): Promise<string> {
    const { vendor, record, status } = await this.find(request, response, uid);
    if (record && status === 'waiting') await this.#use.logins.cancel(vendor.id, record.id).catch(() => undefined);
    return await this.#use.host.provider.interactionResult(request, response, { error: 'access_denied', error_description: 'the person cancelled the sign-in' }, { mergeWithLastSubmission: false });
  }

  async #interaction(request: IncomingMessage, response: ServerResponse, uid: string): Promise<Interaction> {
    this.#use.host.settle(request);
    const interaction = await this.#use.host.provider.interactionDetails(request, response).catch((error: unknown) => {
      if (error instanceof errors.SessionNotFound) return undefined;
      throw error;
    });
    if (interaction?.uid !== uid) throw new BoopError('request.not-found', 'there is no such sign-in, or its time is over');
    return interaction;
  }

  async #view(interaction: Interaction): Promise<Login> {
    const { logins, directory, waysOf } = this.#use;
    const vendor = await directory.vendor(String(interaction.params['client_id']));
    if (!vendor) throw new BoopError('request.not-found', 'there is no such sign-in, or its time is over');
    const { contextId } = progressOf(interaction);
    const record = contextId === undefined ? undefined : await logins.get(vendor.id, contextId);
    const { redirect_uri: redirectUri } = interaction.params;
    return { uid: interaction.uid, vendor, record, status: this.#statusOf(record), ways: waysOf(interaction.params), redirectUri: typeof redirectUri === 'string' ? redirectUri : undefined };
  }

  #statusOf(record: AuthenticationRecord | undefined): LoginStatus {
    if (!record || isDue(record, this.#use.clock.nowMs())) return 'expired';
    switch (record.status) {
      case 'pending':
        return 'waiting';
      case 'processing':
        return 'comparing';
      case 'succeeded':
        return 'accepted';
      case 'failed':
        return 'refused';
      default:
        return 'expired';
    }
  }

  /** One browser may be at several vendors in turn: the provider's session of the last one ends here and nobody is told. */
  async #forgetSession(interaction: Interaction): Promise<void> {
    const uid = interaction.session?.uid;
    if (uid === undefined) return;
    await (await this.#use.host.provider.Session.findByUid(uid))?.destroy();
    delete interaction.session;
    await interaction.persist();
  }
}

const progressOf = ({ lastSubmission }: Interaction): Progress => (lastSubmission ?? {}) as Progress;
