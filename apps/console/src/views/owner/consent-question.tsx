import { type FormEvent, useEffect, useRef, useState } from 'react';
import { type ConsentRequest, parseConsentRequest } from '@boop/sdk';
import type { OwnerClients, OwnerRecords } from './use-owner.ts';
import { dateOf, palmWords, titleOf } from './wording.ts';

const requestOfLink = (): string => new URLSearchParams(location.hash.split('?')[1] ?? '').get('request') ?? '';
const days = 86_400;

/** What a vendor asks for, in full, before anything is signed. */
export function ConsentQuestion({ clients, records, run }: { clients: OwnerClients; records: OwnerRecords; run(work: () => Promise<unknown>, done: string): Promise<void> }) {
  const [text, setText] = useState(requestOfLink);
  const [request, setRequest] = useState<ConsentRequest>();
  const [failure, setFailure] = useState('');
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const onHash = () => setText(requestOfLink());
    addEventListener('hashchange', onHash);
    return () => removeEventListener('hashchange', onHash);
  }, []);
  useEffect(() => {
    if (request) dialog.current?.showModal();
  }, [request]);

  const look = (event: FormEvent) => {
    event.preventDefault();
    try {
      setRequest(parseConsentRequest(text.includes('request=') ? text.split('request=')[1]! : text));
      setFailure('');
    } catch {
      setFailure('This is no request of a vendor.');
    }
  };
  const close = () => {
    dialog.current?.close();
    setRequest(undefined);
  };
  const agree = async () => {
    if (!request || !wording) return;
    const { vendorId, recipientKey, attributes } = request;
    await run(() => clients.consents.give({ vendorId, recipientKey, text: wording, attributes, expiresAt: until }), `${request.vendorName} may see it from now on`);
    setText('');
    history.replaceState(null, '', '#/owner');
    close();
  };
  const wording = request && records.texts.find(({ purpose }) => purpose === request.purpose);
  const until = Math.floor(Date.now() / 1000) + (request?.days ?? 0) * days;

  return (
    <section className="card" aria-labelledby="asked">
      <h2 id="asked">A vendor asks</h2>
      <form className="row" onSubmit={look}>
        <label className="wide">Link or code of the request<input name="request" required value={text} autoComplete="off" onChange={(event) => setText(event.target.value)} /></label>
        <button type="submit">Look at it</button>
      </form>
      {failure && <p className="bad" role="alert">{failure}</p>}
      <dialog ref={dialog} aria-labelledby="question" onCancel={() => setRequest(undefined)}>
        {request && (
          <>
            <h2 id="question">{request.vendorName} <span className="muted">({request.vendorId})</span> asks</h2>
            {wording ? <><h3>{wording.title}</h3><p>{wording.text}</p></> : <p className="bad" role="alert">This network has no text for that purpose, so nothing can be given.</p>}
            <table>
              <thead><tr><th scope="col">Attribute</th><th scope="col">Released by</th></tr></thead>
              <tbody>{request.attributes.map(({ name, positions }) => <tr key={name}><th scope="row">{titleOf(records.registry, name)}</th><td>{palmWords(positions)}</td></tr>)}</tbody>
            </table>
            <p className="muted">Until {dateOf(until)}. You can withdraw it at any time with one click.</p>
            <div className="row"><button disabled={!wording} onClick={() => void agree()}>I agree</button><button className="quiet" onClick={close}>No</button></div>
          </>
        )}
      </dialog>
    </section>
  );
}
