import { type IncomingMessage, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { type AuthenticationResponseJSON, generateAuthenticationOptions, generateRegistrationOptions, type PublicKeyCredentialCreationOptionsJSON, type PublicKeyCredentialRequestOptionsJSON, type RegistrationResponseJSON, verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
import { BoopError, type Clock, type Rng, toBase64Url } from '@boop/shared';
import { acrPasskey, amrOfPasskey } from '../oidc/login/acr.ts';
import { type Login, type LoginService } from '../oidc/login/login-service.ts';
import { type Database } from '../store/database.ts';
import { PasskeyChallenges } from './passkey-challenges.ts';

type Exchange = readonly [IncomingMessage, ServerResponse, string];

/** Begins the `sub` of somebody who has a passkey and no palm; the nodes' names are base64url and have no colon. */
export const passkeySubPrefix = 'passkey:';

export interface PasskeyDependencies {
  readonly database: Database;
  readonly issuer: string;
  readonly logins: LoginService;
  /** Key of the challenges. */
  readonly seal: Buffer;
  readonly clock: Clock;
  readonly rng: Rng;
}

/**
 * The way without a palm: WebAuthn Level 3 with resident keys and user verification. A passkey belongs to one subject in one sector. Made
 * after a palm it stands for that palm's pairwise subject, which the gateway saw in the nodes' token; made without, for a subject of its
 * own. Either way the gateway vouches, by its own key, `acr` and `amr`.
 */
export class PasskeyService {
  readonly #use: PasskeyDependencies;
  readonly #origin: string;
  readonly #rpId: string;
  readonly #challenges: PasskeyChallenges;

  constructor(use: PasskeyDependencies) {
    this.#use = use;
    const { origin, hostname } = new URL(use.issuer);
    this.#origin = origin;
    this.#rpId = hostname;
    this.#challenges = new PasskeyChallenges({ key: use.seal, clock: use.clock });
  }

  /** WebAuthn names relying parties by domains: there are no passkeys for an IP address. */
  get available(): boolean {
    return isIP(this.#rpId.replace(/^\[|\]$/g, '')) === 0;
  }

  /** Options for signing in with any passkey of this gateway. @throws BoopError `request.not-found`, `request.forbidden` */
  async challenge(...exchange: Exchange): Promise<PublicKeyCredentialRequestOptionsJSON> {
    const login = await this.#loginOf(exchange);
    return await generateAuthenticationOptions({ rpID: this.#rpId, challenge: this.#challenges.issue('sign-in', login.uid), userVerification: 'required', allowCredentials: [] });
  }

  /** @returns where the browser goes on @throws BoopError `request.forbidden` for anything that doesn't verify */
  async signIn(exchange: Exchange, response: AuthenticationResponseJSON): Promise<string> {
    const { database, clock } = this.#use;
    const login = await this.#loginOf(exchange);
    const passkey = typeof response.id === 'string' ? await database.passkey.findUnique({ where: { credentialId: response.id } }) : null;
    if (passkey?.sector !== login.vendor.sector) throw refused();
    const credential = { id: passkey.credentialId, publicKey: new Uint8Array(passkey.publicKey), counter: Number(passkey.counter) };
    const verified = await verifyAuthenticationResponse({
      response,
      expectedChallenge: (challenge: string) => this.#challenges.take('sign-in', login.uid, challenge),
      expectedOrigin: this.#origin,
      expectedRPID: this.#rpId,
      credential,
      requireUserVerification: true,
    }).catch(() => undefined);
    if (!verified?.verified) throw refused();
    const counter = BigInt(verified.authenticationInfo.newCounter);
    // Two assertions with one counter are one too many: only the first changes the row.
    const { count } = await database.passkey.updateMany({ where: { credentialId: passkey.credentialId, counter: passkey.counter }, data: { counter, lastUsedAt: new Date(clock.nowMs()) } });
    if (count !== 1) throw refused();
    return await this.#complete(exchange, passkey);
  }

  /** Options for a new passkey: for the palm that has just been accepted, or for somebody who shows none. */
  async registration(...exchange: Exchange): Promise<PublicKeyCredentialCreationOptionsJSON> {
    const { uid, vendor } = await this.#loginOf(exchange);
    return await generateRegistrationOptions({
      rpID: this.#rpId,
      rpName: 'boop',
      userName: vendor.name,
      userDisplayName: vendor.name,
      userID: new Uint8Array(this.#use.rng.bytes(32)),
      challenge: this.#challenges.issue('register', uid),
      attestationType: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
  }

  /** Keeps a new passkey and signs in with it, or with the palm that came before. @returns where the browser goes on */
  async register(exchange: Exchange, response: RegistrationResponseJSON): Promise<string> {
    const { database, clock, rng, logins } = this.#use;
    const login = await this.#loginOf(exchange);
    const verified = await verifyRegistrationResponse({
      response,
      expectedChallenge: (challenge: string) => this.#challenges.take('register', login.uid, challenge),
      expectedOrigin: this.#origin,
      expectedRPID: this.#rpId,
      requireUserVerification: true,
    }).catch(() => undefined);
    if (!verified?.verified) throw refused();
    const { credential, credentialDeviceType } = verified.registrationInfo;
    const palmSub = logins.subOf(login);
    const now = new Date(clock.nowMs());
    const passkey = {
      credentialId: credential.id,
      sector: login.vendor.sector,
      sub: palmSub ?? `${passkeySubPrefix}${toBase64Url(rng.bytes(32))}`,
      publicKey: new Uint8Array(credential.publicKey),
      counter: BigInt(credential.counter),
      singleDevice: credentialDeviceType === 'singleDevice',
      createdAt: now,
      lastUsedAt: now,
    };
    const { count } = await database.passkey.createMany({ data: [passkey], skipDuplicates: true });
    if (count !== 1) throw refused();
    return palmSub === undefined ? await this.#complete(exchange, passkey) : await logins.finish(...exchange);
  }

  async #complete(exchange: Exchange, { sub, singleDevice }: { sub: string; singleDevice: boolean }): Promise<string> {
    const { logins, clock, rng } = this.#use;
    const signIn = { grantId: `passkey ${toBase64Url(rng.bytes(32))}`, sub, acr: acrPasskey, amr: amrOfPasskey(singleDevice), authTime: Math.floor(clock.nowMs() / 1000) };
    return await logins.complete(...exchange, signIn);
  }

  async #loginOf([request, response, uid]: Exchange): Promise<Login> {
    const login = await this.#use.logins.find(request, response, uid);
    if (!login.ways.passkey) throw new BoopError('request.forbidden', 'this request asks for another way');
    return login;
  }
}

const refused = (): BoopError => new BoopError('request.forbidden', 'the passkey does not verify');
