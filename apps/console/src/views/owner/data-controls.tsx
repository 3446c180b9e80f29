import { useRef, useState } from 'react';
import { download } from './download.ts';
import type { OwnerClients, OwnerRecords } from './use-owner.ts';

const word = 'erase';

/** Export and erasure. */
export function DataControls({ clients, records, run }: { clients: OwnerClients; records: OwnerRecords; run(work: () => Promise<unknown>, done: string): Promise<void> }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState('');
  const save = () =>
    run(async () => {
      const opened = await clients.attributes.readAll();
      const values = opened.map(({ document: { attribute, version, source, issuer, validFrom }, value }) => ({ attribute, version, source, ...(issuer ? { issuer: issuer.id } : {}), since: new Date(validFrom * 1000).toISOString(), value }));
      const { consents, releases, texts } = records;
      download('boop-my-data.json', { v: 1, network: clients.network.networkId, exportedAt: new Date().toISOString(), account: clients.accountKey, attributes: values, consents, releases, texts });
    }, 'Your data are saved as a file');
  const erase = async () => {
    dialog.current?.close();
    setTyped('');
    await run(() => clients.consents.erase(), 'Everything is erased');
  };
  return (
    <section className="card" aria-labelledby="data">
      <h2 id="data">Your data</h2>
      <div className="row">
        <button className="quiet" onClick={() => void save()}>Export as JSON</button>
        <button className="danger" onClick={() => dialog.current?.showModal()}>Erase everything</button>
      </div>
      <p className="muted note">Account <code>{clients.accountKey}</code></p>
      <dialog ref={dialog} aria-labelledby="erasing">
        <h2 id="erasing">Erase everything?</h2>
        <p>All values, their keys and all consents are deleted, and every vendor loses access at once. Entries of the log stay, but nothing opens them any more. This can't be undone.</p>
        <form method="dialog" onSubmit={() => void erase()}>
          <label>Type “{word}” to go on<input name="confirmation" value={typed} autoComplete="off" onChange={(event) => setTyped(event.target.value)} /></label>
          <div className="row"><button className="danger" type="submit" disabled={typed.trim().toLowerCase() !== word}>Erase</button><button className="quiet" type="button" onClick={() => dialog.current?.close()}>Keep</button></div>
        </form>
      </dialog>
    </section>
  );
}
