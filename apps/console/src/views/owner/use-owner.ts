import { useCallback, useEffect, useState } from 'react';
import { type AttributeRegistry, type PurposeText, type SignedPasskey } from '@boop/identity';
import { type AttributeEntry, type Consent, type NetworkInfo, type ReleaseLogEntry } from '@boop/protocol';
import { type AttributesClient, type ConsentsClient, createAttributesClient, createConsentsClient, type OwnerSigner } from '@boop/sdk';
import { fromBase64Url } from '@boop/shared';
import type { Addresses } from '../../settings.ts';
import { keptPasskey, type KeptSigners, keptSigners } from './device-key.ts';

/** What the page works with once the browser has a key and the network has answered. */
export interface OwnerClients {
  readonly accountKey: string;
  /** Signs with the account key itself. */
  readonly device: OwnerSigner;
  readonly network: NetworkInfo;
  readonly attributes: AttributesClient;
  readonly consents: ConsentsClient;
}

/** All that a person has here, as of the last refresh. */
export interface OwnerRecords {
  readonly registry: AttributeRegistry;
  readonly texts: readonly (PurposeText & { readonly hash: string })[];
  readonly attributes: readonly AttributeEntry[];
  readonly consents: readonly Consent[];
  readonly releases: readonly ReleaseLogEntry[];
  /** Enrolled in this browser. */
  readonly passkey: SignedPasskey | undefined;
}

export type OwnerState = { readonly kind: 'loading' } | { readonly kind: 'no-key' } | { readonly kind: 'failed'; readonly message: string } | { readonly kind: 'ready'; readonly clients: OwnerClients; readonly records: OwnerRecords };

export function useOwner(addresses: Addresses): { state: OwnerState; refresh(): Promise<void> } {
  const [state, setState] = useState<OwnerState>({ kind: 'loading' });
  const [clients, setClients] = useState<OwnerClients>();
  const refresh = useCallback(async () => {
    try {
      const signers = await keptSigners();
      if (!signers) return setState({ kind: 'no-key' });
      const ready = clients ?? (await connect(addresses, signers));
      setClients(ready);
      setState({ kind: 'ready', clients: ready, records: await load(ready) });
    } catch (error) {
      setState({ kind: 'failed', message: (error as Error).message });
    }
  }, [addresses, clients]);
  useEffect(() => {
    if (!clients) void refresh();
  }, [clients, refresh]);
  return { state, refresh };
}

async function connect({ gateway }: Addresses, { device, signer }: KeptSigners): Promise<OwnerClients> {
  const network = (await getJson(`${gateway}/v1/network`)) as NetworkInfo;
  const { key } = (await getJson(`${gateway}/v1/attributes/key`)) as { key: string };
  const common = { gatewayUrl: gateway, networkId: network.networkId, signer };
  const attributeNetwork = { identityKeys: network.members.map(({ identityKey }) => identityKey), attributesKey: fromBase64Url(key) };
  return { accountKey: signer.accountKey, device, network, consents: createConsentsClient(common), attributes: createAttributesClient({ ...common, network: attributeNetwork }) };
}

async function load({ accountKey, attributes, consents }: OwnerClients): Promise<OwnerRecords> {
  const [registry, texts, entries, given, releases, passkey] = await Promise.all([attributes.registry(), consents.texts(), attributes.list(), consents.list(), attributes.releases(), keptPasskey(accountKey)]);
  return { registry, texts, attributes: entries, consents: given, releases, passkey };
}

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error('The network does not answer; try again in a moment');
  return await response.json();
}
