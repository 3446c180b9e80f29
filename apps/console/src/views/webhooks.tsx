import { useEffect, useMemo, useState } from 'react';
import { type WebhookEndpoint, type WebhookEndpointWithSecret } from '@boop/protocol';
import { createWebhooksClient } from '@boop/sdk';
import { type Addresses, useCredential } from '../settings.ts';
import { WebhookDeliveries } from '../ui/webhook-deliveries.tsx';

const hour = 3_600;
const reasons = { 'by-vendor': 'You have disabled it.', 'persistent-failure': 'Nothing was delivered for five days.', gone: 'It answered 410: it is gone.' } as const;

/** Where a vendor's webhooks go: endpoints and their secrets, how deliveries fared, and delivering them again. */
export function Webhooks({ addresses }: { addresses: Addresses }) {
  const [key, setKey] = useCredential('vendor-key');
  const [endpoints, setEndpoints] = useState<readonly WebhookEndpoint[]>();
  const [shown, setShown] = useState<WebhookEndpointWithSecret>();
  const [failure, setFailure] = useState('');
  const client = useMemo(() => createWebhooksClient({ gatewayUrl: addresses.gateway, apiKey: key }), [addresses.gateway, key]);

  useEffect(() => {
    setEndpoints(undefined);
    setShown(undefined);
    if (!key) return;
    const abort = new AbortController();
    client.endpoints(abort.signal).then((found) => {
      setEndpoints(found);
      setFailure('');
    }, (error: Error) => abort.signal.aborted || setFailure(error.message));
    return () => abort.abort();
  }, [client, key]);

  const change = async (changed: Promise<WebhookEndpointWithSecret>, done?: () => void): Promise<void> => {
    try {
      const { secret, ...endpoint } = await changed;
      setEndpoints((before = []) => (before.some(({ id }) => id === endpoint.id) ? before.map((one) => (one.id === endpoint.id ? endpoint : one)) : [...before, endpoint]));
      setShown({ ...endpoint, secret });
      setFailure('');
      done?.();
    } catch (error) {
      setFailure((error as Error).message);
    }
  };

  return (
    <>
      <section className="card">
        <h2>Vendor</h2>
        <form className="row" onSubmit={(event) => { event.preventDefault(); setKey(String(new FormData(event.currentTarget).get('key') ?? '')); }}>
          <label>API key<input name="key" type="password" autoComplete="off" size={44} defaultValue={key} /></label>
          <button>Show</button>
        </form>
        {failure && <p className="bad" role="alert">{failure}</p>}
      </section>
      {endpoints && (
        <section className="card">
          <h2>New endpoint</h2>
          <p className="muted">Events of your authentications, payments and registrations are sent to this address (such as https://shop.example/hooks), signed. In a test network plain HTTP on this machine will do.</p>
          <form className="row" onSubmit={(event) => { event.preventDefault(); const form = event.currentTarget; void change(client.create({ url: String(new FormData(form).get('url')) }), () => form.reset()); }}>
            <label>Address<input name="url" type="url" required size={44} /></label>
            <button>Add</button>
          </form>
        </section>
      )}
      {shown && (
        <section className="card" role="status">
          <h2>Secret of {shown.url}</h2>
          <p>It is shown this once. Your receiver checks signatures with it{shown.previousSecretUntil === undefined ? '' : `; the one before signs too until ${new Date(shown.previousSecretUntil).toLocaleString()}`}.</p>
          <pre data-secret={shown.id}>{shown.secret}</pre>
          <p><button type="button" onClick={() => setShown(undefined)}>I have kept it</button></p>
        </section>
      )}
      {endpoints?.map((endpoint) => (
        <section className="card" key={endpoint.id} data-endpoint={endpoint.id}>
          <h2>{endpoint.url} <span className={endpoint.status === 'enabled' ? 'good' : 'bad'}>{endpoint.status}</span></h2>
          {endpoint.disabledReason && <p className="bad">{reasons[endpoint.disabledReason]}</p>}
          <p className="row"><span className="muted">{endpoint.eventTypes.length === 0 ? 'Events of every type' : endpoint.eventTypes.join(', ')}, since {new Date(endpoint.createdAt).toLocaleDateString()}</span><button type="button" onClick={() => void change(client.rotate(endpoint.id, { overlapSeconds: hour }))}>New secret; the old one signs for an hour</button></p>
          <WebhookDeliveries endpointId={endpoint.id} client={client} />
        </section>
      ))}
      {endpoints?.length === 0 && <p className="muted">This vendor has no endpoints.</p>}
    </>
  );
}
