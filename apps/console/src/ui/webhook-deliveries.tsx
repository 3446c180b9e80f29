import { useCallback, useEffect, useState } from 'react';
import { type WebhookDelivery } from '@boop/protocol';
import { type WebhookReplay, type WebhooksClient } from '@boop/sdk';

const tones = { delivered: 'good', waiting: 'warn', failed: 'bad' } as const;
const anyStatus = '';

/** How deliveries to one endpoint fared, and delivering them again. */
export function WebhookDeliveries({ endpointId, client }: { endpointId: string; client: WebhooksClient }) {
  const [status, setStatus] = useState<WebhookDelivery['status'] | typeof anyStatus>(anyStatus);
  const [deliveries, setDeliveries] = useState<readonly WebhookDelivery[]>([]);
  const [next, setNext] = useState<string>();
  const [told, setTold] = useState('');

  const load = useCallback(async (cursor?: string) => {
    try {
      const page = await client.deliveries(endpointId, { ...(status === anyStatus ? {} : { status }), ...(cursor === undefined ? {} : { cursor }) });
      setDeliveries((before) => (cursor === undefined ? page.deliveries : [...before, ...page.deliveries]));
      setNext(page.next);
    } catch (error) {
      setTold((error as Error).message);
    }
  }, [client, endpointId, status]);
  useEffect(() => void load(), [load]);

  const replay = async (what: WebhookReplay): Promise<void> => {
    try {
      const scheduled = await client.replay(endpointId, what);
      setTold(scheduled === 1 ? 'One event will be delivered again.' : `${scheduled} events will be delivered again.`);
      await load();
    } catch (error) {
      setTold((error as Error).message);
    }
  };

  return (
    <>
      <form className="row" onSubmit={(event) => { event.preventDefault(); void replay({ since: new Date(String(new FormData(event.currentTarget).get('since'))) }); }}>
        <label>Deliveries
          <select value={status} onChange={(event) => setStatus(event.target.value as typeof status)}>
            {[anyStatus, 'waiting', 'delivered', 'failed'].map((name) => <option key={name} value={name}>{name || 'all'}</option>)}
          </select>
        </label>
        <button type="button" onClick={() => void load()}>Refresh</button>
        <label>All events since<input name="since" type="datetime-local" required /></label>
        <button>Deliver again</button>
      </form>
      <p role="status">{told}</p>
      <table>
        <thead><tr><th>time</th><th>event</th><th>id</th><th>status</th><th>attempts</th><th>answer</th><th /></tr></thead>
        <tbody>
          {deliveries.map((delivery) => (
            <tr key={delivery.id} data-event={delivery.type}>
              <td>{new Date(delivery.createdAt).toLocaleString()}</td><td>{delivery.type}</td><td>{delivery.eventId}</td>
              <td className={tones[delivery.status]}>{delivery.status}</td><td>{delivery.attempts}</td><td>{delivery.answer ?? delivery.failure ?? ''}</td>
              <td><button type="button" onClick={() => void replay({ eventId: delivery.eventId })}>Deliver again</button></td>
            </tr>
          ))}
        </tbody>
      </table>
      {deliveries.length === 0 && <p className="muted">None yet.</p>}
      {next !== undefined && <button type="button" onClick={() => void load(next)}>More</button>}
    </>
  );
}
