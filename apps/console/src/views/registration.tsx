import { useCallback, useEffect, useRef, useState } from 'react';
import { createRegistrationClient, parseRegistrationLink, type RegistrationInvitation, type RegistrationProgress } from '@boop/sdk';
import type { Position } from '@boop/identity';
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

/** The link by which the page was opened, if it was by one; the client says what is wrong with it. */
function invitationHere(): (Pick<RegistrationInvitation, 'positions'> & { readonly link: string }) | undefined {
  if (!location.hash.includes('?')) return undefined;
  try {
    return { positions: parseRegistrationLink(location.hash).positions, link: location.hash };
  } catch {
    return { positions: ['right-palm'], link: location.hash };
  }
}

export function Registration({ addresses }: { addresses: Addresses }) {
  const [sources, setSources] = useState<{ readonly [position in Position]?: PalmSource }>({});
  const [lines, setLines] = useState<readonly string[]>([]);
  const [question, setQuestion] = useState<{ title: string; text: string }>();
  const [busy, setBusy] = useState(false);
  const [invitation, setInvitation] = useState(invitationHere);
  useEffect(() => {
    const onHash = () => setInvitation(invitationHere());
    addEventListener('hashchange', onHash);
    return () => removeEventListener('hashchange', onHash);
  }, []);
  const answer = useRef<(agreed: boolean) => void>(undefined);
  const pick = useCallback((picked: PalmSource, position: Position) => setSources((old) => ({ ...old, [position]: picked })), []);
  const wanted = invitation?.positions ?? (['right-palm'] as const);
  const tell = (line: string) => setLines((old) => [...old, line]);

  const run = async () => {
    setBusy(true);
    setLines([]);
    try {
      const positions: { [position in Position]?: Uint8Array[] } = {};
      for (const position of wanted) positions[position] = await sources[position]!.captures(3, 0);
      const account = createAccountKey();
      const receipt = await createRegistrationClient({ bridgeUrl: addresses.bridge }).register({
        accountKey: account.key,
        positions,
        ...(invitation ? { link: invitation.link } : {}),
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
      // A link opens one session: what comes next is without it, and the secret is not kept in the history.
      if (invitation) history.replaceState(null, '', '#/register');
      setInvitation(undefined);
      setBusy(false);
    }
  };

  return (
    <section className="card">
      <h2>Register a palm</h2>
      <p className="muted">The palm is encoded, split and sealed on this page; nothing that leaves it can be read by one party. The key that signs for you is kept by this browser, which keeps one: registering again replaces it.</p>
      {invitation && <p>You were invited to register: {invitation.positions.map((position) => position.replace('-', ' ')).join(', ')}.</p>}
      {wanted.map((position) => <PalmPicker key={position} count={3} position={position} onPick={pick} />)}
      <p><button disabled={busy || wanted.some((position) => !sources[position])} onClick={() => void run()}>Register {wanted.map((position) => sources[position]?.label).join(' and ')}</button></p>
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
