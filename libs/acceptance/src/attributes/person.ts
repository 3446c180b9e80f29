import { createHash } from 'node:crypto';
import { attest, type AttributeDocument, type RecipientKey, recipientKeyOf, SigningKey } from '@boop/identity';
import { type AttributeNetwork, type AttributesClient, type ConsentsClient, createAttributesClient, createConsentsClient, createRegistrationClient, keySigner, type NetworkPin, pinOf, systemRng } from '@boop/sdk';
import { fromBase64Url } from '@boop/shared';
import { type RunningNetwork } from '../network-harness.ts';
import { type Palm } from '../palms.ts';
import { patiently, postJson } from '../shop.ts';

/** Where a person is. */
type Place = Pick<RunningNetwork, 'gatewayUrl' | 'bridgeUrl' | 'manifest'>;

/** A person with an account key, registered or not. */
export class Person {
  readonly key: SigningKey;
  readonly attributes: AttributesClient;
  readonly consents: ConsentsClient;
  readonly #bridgeUrl: string;
  readonly #pin: NetworkPin;

  constructor(network: Place, attributeNetwork: AttributeNetwork, key: SigningKey = SigningKey.generate(systemRng)) {
    this.key = key;
    const common = { gatewayUrl: network.gatewayUrl, networkId: network.manifest.networkId, signer: keySigner(this.key) };
    this.attributes = createAttributesClient({ ...common, network: attributeNetwork });
    this.consents = createConsentsClient(common);
    this.#bridgeUrl = network.bridgeUrl;
    this.#pin = pinOf(network.manifest);
  }

  async register(palm: Palm): Promise<void> {
    const client = createRegistrationClient({ bridgeUrl: this.#bridgeUrl, pin: this.#pin });
    await patiently(() => client.register({ accountKey: this.key, positions: { 'right-palm': palm.samples }, onConsent: () => Promise.resolve(true) }));
  }
}

export const vendorKey = async (): Promise<RecipientKey> => await recipientKeyOf(systemRng.bytes(32));

/** What recipients check against, as anybody gets it. */
export async function attributeNetworkOf(network: Pick<Place, 'gatewayUrl' | 'manifest'>): Promise<AttributeNetwork> {
  const { key } = (await (await fetch(`${network.gatewayUrl}/v1/attributes/key`)).json()) as { key: string };
  return { identityKeys: network.manifest.members.map(({ identityKey }) => identityKey), attributesKey: fromBase64Url(key) };
}

const inAYear = (): number => Math.floor(Date.now() / 1000) + 365 * 86_400;

/** An issuer that an admin has accredited. */
export class Issuer {
  readonly #key = SigningKey.generate(systemRng);
  readonly id: string;

  constructor(id: string) {
    this.id = id;
  }

  async accredit(network: RunningNetwork, attributes: readonly string[]): Promise<number> {
    const now = Math.floor(Date.now() / 1000);
    const body = { id: this.id, name: this.id, key: this.#key.publicKey, attributes, validFrom: now - 60, expiresAt: inAYear() };
    return (await postJson(`${network.gatewayUrl}/v1/attributes/issuers`, network.credentials.admin.key, body)).status;
  }

  attestation(expiresAt: number = inAYear()) {
    return {
      issuer: { id: this.id, key: this.#key.publicKey },
      evidence: createHash('sha256').update('passport').digest('base64url'),
      expiresAt,
      attest: (document: AttributeDocument) => Promise.resolve(attest(document, this.#key)),
    };
  }
}
