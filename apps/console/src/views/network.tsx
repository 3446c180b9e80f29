import { useEffect, useState } from 'react';
import { type NetworkFeed } from '../network-feed.ts';
import { type Addresses } from '../settings.ts';
import { LatencyPlot } from '../ui/latency-plot.tsx';

const eventsShown = 15;

export function Network({ addresses, feed: { nodes, events, failure, key, signIn } }: { addresses: Addresses; feed: NetworkFeed }) {
  const checkpoint = useCheckpoint(addresses.ledger);

  return (
    <>
      {(!key || failure) && (
        <section className="card">
          <h2>Sign in</h2>
          <form className="row" onSubmit={(event) => { event.preventDefault(); signIn(String(new FormData(event.currentTarget).get('key') ?? '')); }}>
            <label>Admin key (printed by npm start)<input name="key" type="password" autoComplete="off" size={44} defaultValue={key} /></label>
            <button>Watch</button>
          </form>
          {failure && <p className="bad" role="alert">{failure}</p>}
        </section>
      )}
      <section className="card">
        <h2>Nodes</h2>
        <div className="grid">
          {nodes.map((node) => (
            <article className="card node" key={node.party}>
              <h3>{node.name}<span className={node.ready ? 'good' : node.live ? 'warn' : 'bad'}>{node.ready ? '● ready' : node.live ? '● starting' : '○ down'}</span></h3>
              <dl>
                <dt>jurisdiction</dt><dd>{node.jurisdiction}</dd>
                <dt>gallery rows</dt><dd>{node.galleryRows ?? '–'}</dd>
                <dt>correlations</dt><dd>{node.correlations?.toLocaleString() ?? '–'}</dd>
                <dt>up</dt><dd>{node.uptimeSeconds === undefined ? '–' : `${Math.round(node.uptimeSeconds)} s`}</dd>
              </dl>
            </article>
          ))}
          {nodes.length === 0 && <p className="muted">{key && !failure ? 'Waiting for the gateway…' : 'Sign in to see them.'}</p>}
        </div>
      </section>
      <section className="card"><h2>Authentication latency</h2><LatencyPlot events={events} /></section>
      <section className="card">
        <h2>Log</h2>
        {checkpoint ? (
          <dl className="facts"><dt>origin</dt><dd>{checkpoint.origin}</dd><dt>entries</dt><dd>{checkpoint.size}</dd><dt>root</dt><dd>{checkpoint.root}</dd></dl>
        ) : <p className="muted">No checkpoint yet.</p>}
      </section>
      <section className="card">
        <h2>Events</h2>
        {events.length === 0 && <p className="muted">None since this page was opened: register a palm, or present one at the scanner.</p>}
        <table>
          <thead><tr><th>time</th><th>event</th><th>outcome</th><th>verified</th><th>vendor</th><th>terminal</th><th>ms</th></tr></thead>
          <tbody>
            {events.slice(0, eventsShown).map((event) => (
              <tr key={`${event.epoch}-${event.offset}`}>
                <td>{new Date(event.at).toLocaleTimeString()}</td><td>{event.event}</td><td className={event.outcome === 'ok' || event.outcome === 'registered' ? 'good' : 'muted'}>{event.outcome}</td>
                <td>{event.verified === undefined ? '' : event.verified ? 'yes' : 'no'}</td><td>{event.vendorId}</td><td>{event.terminalId}</td><td>{event.durationMs === undefined ? '' : Math.round(event.durationMs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

/** Polls the newest signed checkpoint (C2SP tlog-checkpoint). */
function useCheckpoint(ledger: string): { origin: string; size: string; root: string } | undefined {
  const [text, setText] = useState('');
  useEffect(() => {
    const load = () => void fetch(`${ledger}/checkpoint`).then((response) => (response.ok ? response.text() : ''), () => '').then(setText);
    load();
    const timer = setInterval(load, 3000);
    return () => clearInterval(timer);
  }, [ledger]);
  const [origin, size, root] = text.split('\n');
  return origin && size && root ? { origin, size, root } : undefined;
}
