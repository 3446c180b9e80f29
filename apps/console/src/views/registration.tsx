import { useCallback, useRef, useState } from 'react';
import { createRegistrationClient, type RegistrationProgress } from '@boop/sdk';
import type { Addresses } from '../settings.ts';
import { createAccountKey } from './owner/device-key.ts';
import { PalmPicker, type PalmSource } from '../ui/palm-source.tsx';

const steps: Record<Exclude<RegistrationProgress['step'], 'sample'>, string> = {
  consent: 'Consent recorded',
  samples: 'Captures wanted',
  'checking-samples': 'The nodes compare the captures with each other, over shares',
  'de-duplicating': 'The nodes look for this palm among all registered ones, over shares',
  storing: 'Each node stores its share',
  done: 'Done',
};

function sentenceOf(progress: RegistrationProgress): string {
  if (progress.step !== 'sample') return steps[progress.step];
  const { score, reasons } = progress.quality;
  return `Capture ${progress.index + 1}: quality ${score}${reasons.length ? ` (${reasons.join(', ')})` : ''}, ${progress.accepted ? 'accepted' : 'again, please'}`;
}

export function Registration({ addresses }: { addresses: Addresses }) {
  const [source, setSource] = useState<PalmSource>();
  const [lines, setLines] = useState<readonly string[]>([]);
  const [question, setQuestion] = useState<{ title: string; text: string }>();
  const [busy, setBusy] = useState(false);
  const answer = useRef<(agreed: boolean) => void>(undefined);
  const pick = useCallback((picked: PalmSource) => setSource(picked), []);
  const tell = (line: string) => setLines((old) => [...old, line]);

  const run = async () => {
    setBusy(true);
    setLines([]);
    try {
      const captures = await source!.captures(3, 0);
      const account = createAccountKey();
      const receipt = await createRegistrationClient({ bridgeUrl: addresses.bridge }).register({
        accountKey: account.key,
        positions: { 'right-palm': captures as [Uint8Array, Uint8Array, Uint8Array] },
        onConsent: (text) => {
          setQuestion(text);
          return new Promise<boolean>((resolve) => (answer.current = resolve)).finally(() => setQuestion(undefined));
        },
        onProgress: (progress) => tell(sentenceOf(progress)),
      });
      await account.keep();
      tell(`Registered. The log entry is ${receipt.logEntry}`);
    } catch (error) {
      tell(`Refused: ${(error as Error).message}`);
    } finally {
      setBusy(false);
    }
  };

  return (
    <section className="card">
      <h2>Register a palm</h2>
      <p className="muted">The palm is encoded, split and sealed on this page; nothing that leaves it can be read by one party. The key that signs for you is kept by this browser, which keeps one: registering again replaces it.</p>
      <PalmPicker count={3} onPick={pick} />
      <p><button disabled={busy || !source} onClick={() => void run()}>Register {source?.label}</button></p>
      {question && (
        <div className="card" role="dialog" aria-label="consent">
          <h2>{question.title}</h2>
          <p>{question.text}</p>
          <div className="row"><button onClick={() => answer.current?.(true)}>I agree</button><button onClick={() => answer.current?.(false)}>No</button></div>
        </div>
      )}
      {lines.length > 0 && <pre aria-live="polite">{lines.join('\n')}</pre>}
    </section>
  );
}
