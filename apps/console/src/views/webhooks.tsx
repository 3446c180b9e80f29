import { useCallback, useEffect, useMemo, useState } from 'react';
import { type WebhookDelivery, type WebhookEndpoint } from '@boop/protocol';
import { createWebhooksClient, type WebhookReplay, type WebhooksClient } from '@boop/sdk';
import { type Addresses, useCredential } from '../settings.ts';

const tones = { delivered: 'good', waiting: 'warn', failed: 'bad' } as const;
const anyStatus = '';

/** A vendor's endpoints: how deliveries fared, and delivering them again. */
export function Webhooks({ addresses }: { addresses: Addresses }) {
  const [key, setKey] = useCredential('vendor-key');
  const [endpoints, setEndpoints] = useState<readonly WebhookEndpoint[]>([]);
  const [failure, setFailure] = useState('');
  const client = useMemo(() => createWebhooksClient({ gatewayUrl: addresses.gateway, apiKey: key }), [addresses.gateway, key]);

  useEffect(() => {
    setEndpoints([]);
    if (!key) return;
    const abort = new AbortController();
    client.endpoints(abort.signal).then((found) => {
      setEndpoints(found);
      setFailure('');
    }, (error: Error) => abort.signal.aborted || setFailure(error.message));
    return () => abort.abort();
  }, [client, key]);

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
      {endpoints.map((endpoint) => <Endpoint key={endpoint.id} endpoint={endpoint} client={client} />)}
      {key && !failure && endpoints.length === 0 && <p className="muted">No endpoints.</p>}
    </>
  );
}

function Endpoint({ endpoint, client }: { endpoint: WebhookEndpoint; client: WebhooksClient }) {
  const [status, setStatus] = useState<WebhookDelivery['status'] | typeof anyStatus>(anyStatus);
  const [deliveries, setDeliveries] = useState<readonly WebhookDelivery[]>([]);
  const [next, setNext] = useState<string>();
  const [told, setTold] = useState('');

  const load = useCallback(async (cursor?: string) => {
    try {
      const page = await client.deliveries(endpoint.id, { ...(status === anyStatus ? {} : { status }), ...(cursor === undefined ? {} : { cursor }) });
      setDeliveries((before) => (cursor === undefined ? page.deliveries : [...before, ...page.deliveries]));
      setNext(page.next);
    } catch (error) {
      setTold((error as Error).message);
    }
  }, [client, endpoint.id, status]);
  useEffect(() => void load(), [load]);

  const replay = async (what: WebhookReplay): Promise<void> => {
    try {
      const scheduled = await client.replay(endpoint.id, what);
      setTold(`${scheduled} will be delivered again`);
      await load();
    } catch (error) {
      setTold((error as Error).message);
    }
  };

  return (
    <section className="card" data-endpoint={endpoint.id}>
      <h2>{endpoint.url} <span className={endpoint.status === 'enabled' ? 'good' : 'bad'}>{endpoint.status}</span></h2>
      <form className="row" onSubmit={(event) => { event.preventDefault(); void replay({ since: new Date(String(new FormData(event.currentTarget).get('since'))) }); }}>
        <label>Status
          <select value={status} onChange={(event) => setStatus(event.target.value as typeof status)}>
            {[anyStatus, 'waiting', 'delivered', 'failed'].map((name) => <option key={name} value={name}>{name || 'any'}</option>)}
          </select>
        </label>
        <button type="button" onClick={() => void load()}>Refresh</button>
        <label>All since<input name="since" type="datetime-local" required /></label>
        <button>Replay</button>
      </form>
      <p role="status">{told}</p>
      <table>
        <thead><tr><th>time</th><th>event</th><th>id</th><th>status</th><th>attempts</th><th>answer</th><th /></tr></thead>
        <tbody>
          {deliveries.map((delivery) => (
            <tr key={delivery.id}>
              <td>{new Date(delivery.createdAt).toLocaleString()}</td><td>{delivery.type}</td><td>{delivery.eventId}</td>
              <td className={tones[delivery.status]}>{delivery.status}</td><td>{delivery.attempts}</td><td>{delivery.answer ?? delivery.failure ?? ''}</td>
              <td><button type="button" onClick={() => void replay({ eventId: delivery.eventId })}>Replay</button></td>
            </tr>
          ))}
        </tbody>
      </table>
      {next !== undefined && <button type="button" onClick={() => void load(next)}>More</button>}
    </section>
  );
}
