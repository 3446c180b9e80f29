import { useCallback, useState } from 'react';
import type { Addresses } from '../settings.ts';
import { PalmPicker, type PalmSource } from '../ui/palm-source.tsx';
import { answerAtSimulator, parseCredentials, presentAtSimulator, type SimulatorResult } from '../simulator.ts';
import { contextOfLink, useCredential } from '../settings.ts';

/** A vendor and its scanner in one page: opens a context, presents the palm, shows what the vendor gets. Opened by the code on a screen it is the scanner alone. */
export function Scanner({ addresses }: { addresses: Addresses }) {
  const [source, setSource] = useState<PalmSource>();
  const [credentials, setCredentials] = useCredential('scanner-credentials');
  const [result, setResult] = useState<SimulatorResult>();
  const [failure, setFailure] = useState('');
  const [busy, setBusy] = useState(false);
  const asked = contextOfLink();
  const pick = useCallback((picked: PalmSource) => setSource(picked), []);

  const run = async () => {
    setBusy(true);
    setResult(undefined);
    setFailure('');
    try {
      const [capture] = await source!.captures(1, 7);
      const known = parseCredentials(credentials);
      setResult(await (asked === undefined ? presentAtSimulator(addresses, known, capture!) : answerAtSimulator(addresses, known, asked, capture!)));
    } catch (error) {
      setFailure((error as Error).message);
    } finally {
      setBusy(false);
    }
  };

  return (
    <section className="card">
      <h2>Scanner simulator</h2>
      {asked !== undefined && <p>This answers the code that you have read. Whoever shows it goes on when the palm was recognised.</p>}
      <form onSubmit={(event) => event.preventDefault()}>
        <label>Development credentials (the content of dev-credentials.json in the data folder)<input type="password" autoComplete="off" value={credentials} onChange={(event) => setCredentials(event.target.value)} /></label>
      </form>
      <PalmPicker count={1} onPick={pick} />
      <p><button disabled={busy || !source || !credentials} onClick={() => void run()}>Present {source?.label}</button></p>
      {failure && <p className="bad" role="alert">{failure}</p>}
      {result && (
        <>
          <p className={`result ${result.accepted ? 'good' : 'bad'}`}>{result.accepted ? 'Recognised' : `Not recognised (${result.reason})`} <span className="muted">in {Math.round(result.milliseconds)} ms</span></p>
          {result.claims && <pre>{JSON.stringify(result.claims, null, 2)}</pre>}
        </>
      )}
    </section>
  );
}
