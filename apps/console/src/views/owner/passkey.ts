import { browserSupportsWebAuthn, startAuthentication, startRegistration } from '@simplewebauthn/browser';
import { type SignedPasskey } from '@boop/identity';
import { enrolPasskeyBy, type OwnerSigner, passkeyAlgorithms, passkeyKey, passkeySigner } from '@boop/sdk';
import { fromBase64Url, toBase64Url } from '@boop/shared';

/** An enrolment can't be taken back, so it is short; then the account key enrols the passkey anew. */
const lifeSeconds = 90 * 86_400;

const random = (size: number): string => toBase64Url(crypto.getRandomValues(new Uint8Array(size)));

/** A relying party of WebAuthn is a domain (Level 3 section 5.1.2): a page that was opened by an address has none. */
export const passkeysWork = (): boolean => browserSupportsWebAuthn() && !/^[\d.]+$|:/.test(location.hostname);

/** Makes a passkey for this page, and has the account key enrol it. */
export async function makePasskey(device: OwnerSigner, networkId: string): Promise<SignedPasskey> {
  const { id, response } = await startRegistration({
    optionsJSON: {
      // Nobody else judges this registration: what counts is the account key's word below.
      challenge: random(32),
      rp: { id: location.hostname, name: 'boop' },
      user: { id: random(16), name: device.accountKey.slice(0, 8), displayName: `boop account ${device.accountKey.slice(0, 8)}` },
      pubKeyCredParams: passkeyAlgorithms.map((alg) => ({ type: 'public-key', alg })),
      authenticatorSelection: { userVerification: 'required', residentKey: 'preferred' },
      attestation: 'none',
    },
  });
  if (response.publicKey === undefined || response.publicKeyAlgorithm === undefined) throw new Error('This browser does not tell the key of a passkey');
  const now = Math.floor(Date.now() / 1000);
  const key = passkeyKey(response.publicKeyAlgorithm, fromBase64Url(response.publicKey));
  return await enrolPasskeyBy(device, { networkId, credentialId: id, ...key, rpId: location.hostname, origins: [location.origin], validFrom: now, expiresAt: now + lifeSeconds });
}

/** Asks the authenticator, which asks for the person. */
export const askPasskey = (passkey: SignedPasskey): OwnerSigner =>
  passkeySigner(passkey, async (challenge, credentialId) => {
    const { response } = await startAuthentication({ optionsJSON: { challenge: toBase64Url(challenge), rpId: passkey.record.rpId, allowCredentials: [{ type: 'public-key', id: credentialId }], userVerification: 'required' } });
    return { authenticatorData: response.authenticatorData, clientDataJson: response.clientDataJSON, signature: response.signature };
  });
