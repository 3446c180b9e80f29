import { useState } from 'react';
import type { Addresses } from '../../settings.ts';
import { ConsentQuestion } from './consent-question.tsx';
import { DataControls } from './data-controls.tsx';
import { GivenConsents } from './given-consents.tsx';
import './owner.css';
import { ReleaseHistory } from './release-history.tsx';
import { StoredAttributes } from './stored-attributes.tsx';
import { useOwner } from './use-owner.ts';
import { WayOfSigning } from './way-of-signing.tsx';

/** A person's own page: what is stored, who may see it, who saw it, and how to end it. */
export function Owner({ addresses }: { addresses: Addresses }) {
  const { state, refresh } = useOwner(addresses);
  const [busy, setBusy] = useState(false);
  const [news, setNews] = useState<{ text: string; bad: boolean }>();
  const run = async (work: () => Promise<unknown>, done: string): Promise<void> => {
    setBusy(true);
    setNews(undefined);
    try {
      await work();
      setNews({ text: done, bad: false });
    } catch (error) {
      setNews({ text: (error as Error).message, bad: true });
    } finally {
      await refresh();
      setBusy(false);
    }
  };
  if (state.kind === 'loading') return <p className="muted" role="status">Loading…</p>;
  if (state.kind === 'failed')
    return (
      <section className="card"><h2>My data</h2><p className="bad" role="alert">{state.message}</p><button onClick={() => void refresh()}>Try again</button></section>
    );
  if (state.kind === 'no-key')
    return (
      <section className="card"><h2>My data</h2><p>This browser keeps no account yet. <a href="#/register">Register a palm</a> first: the key that signs for you is made and kept here.</p></section>
    );
  const shared = { clients: state.clients, records: state.records, run };
  return (
    <div className="owner" aria-busy={busy}>
      <p className={`news ${news?.bad ? 'bad' : 'good'}`} role="status" aria-live="polite">{busy ? 'One moment…' : (news?.text ?? '')}</p>
      <fieldset disabled={busy}>
        <StoredAttributes {...shared} />
        <ConsentQuestion {...shared} />
        <GivenConsents {...shared} />
        <ReleaseHistory records={state.records} />
        <WayOfSigning {...shared} />
        <DataControls {...shared} />
      </fieldset>
    </div>
  );
}
