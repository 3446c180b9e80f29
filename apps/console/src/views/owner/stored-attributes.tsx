import { type FormEvent, useState } from 'react';
import type { OwnerClients, OwnerRecords } from './use-owner.ts';
import { dateOf, sourceWords, titleOf } from './wording.ts';

/** What is stored. Values are shown only when asked for, and opened on this device. */
export function StoredAttributes({ clients, records, run }: { clients: OwnerClients; records: OwnerRecords; run(work: () => Promise<unknown>, done: string): Promise<void> }) {
  const [values, setValues] = useState<Readonly<Record<string, string>>>();
  const [attribute, setAttribute] = useState('');
  const [value, setValue] = useState('');
  const own = records.registry.definitions.filter(({ source }) => source === 'user');
  const chosen = attribute === '' ? own[0]?.name : attribute;

  const show = async () => {
    if (values) return setValues(undefined);
    await run(async () => {
      const opened = await clients.attributes.readAll();
      setValues(Object.fromEntries(opened.map(({ document, value: plain }) => [document.attribute, String(plain)])));
    }, 'Opened on this device');
  };
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (chosen === undefined) return;
    await run(() => clients.attributes.write(chosen, value), `${titleOf(records.registry, chosen)} is stored`);
    setValues(undefined);
    setValue('');
  };

  return (
    <section className="card" aria-labelledby="stored">
      <div className="spread">
        <h2 id="stored">What is stored</h2>
        {records.attributes.length > 0 && <button className="quiet" aria-pressed={values !== undefined} onClick={() => void show()}>{values ? 'Hide values' : 'Show values'}</button>}
      </div>
      {records.attributes.length === 0 && <p className="muted">Nothing yet.</p>}
      {records.attributes.length > 0 && (
        <table>
          <thead><tr><th scope="col">Attribute</th><th scope="col">Value</th><th scope="col">Source</th><th scope="col">Since</th></tr></thead>
          <tbody>
            {records.attributes.map(({ document }) => (
              <tr key={document.recordId} data-attribute={document.attribute}>
                <th scope="row">{titleOf(records.registry, document.attribute)}</th>
                <td className="value">{values?.[document.attribute] ?? <span aria-label="hidden">••••••</span>}</td>
                <td>{sourceWords[document.source]}{document.issuer ? ` by ${document.issuer.id}` : ''}</td>
                <td>{dateOf(document.validFrom)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <form className="row" onSubmit={(event) => void save(event)}>
        <label>Attribute<select name="attribute" value={chosen} onChange={(event) => setAttribute(event.target.value)}>{own.map(({ name, title }) => <option key={name} value={name}>{title}</option>)}</select></label>
        <label>Value<input name="value" required maxLength={1024} autoComplete="off" value={value} onChange={(event) => setValue(event.target.value)} /></label>
        <button type="submit">Store</button>
      </form>
      <p className="muted note">Each value is encrypted here under a key of its own, which no server has. Storing it again replaces it.</p>
    </section>
  );
}
