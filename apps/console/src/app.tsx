import { useEffect, useState } from 'react';
import { useNetworkFeed } from './network-feed.ts';
import { contextOfLink, useAddresses } from './settings.ts';
import { Network } from './views/network.tsx';
import { Owner } from './views/owner/owner.tsx';
import { Registration } from './views/registration.tsx';
import { Scanner } from './views/scanner.tsx';
import { Webhooks } from './views/webhooks.tsx';

const views = { network: ['Network', Network], register: ['Register', Registration], scanner: ['Scanner', Scanner], owner: ['My data', Owner], webhooks: ['Webhooks', Webhooks] } as const;
type View = keyof typeof views;

const viewOfHash = (): View => {
  const name = location.hash.slice(2).split('?', 1)[0]!;
  if (name in views) return name as View;
  return contextOfLink() === undefined ? 'network' : 'scanner';
};

export function App() {
  const addresses = useAddresses();
  const feed = useNetworkFeed(addresses);
  const [view, setView] = useState<View>(viewOfHash);
  useEffect(() => {
    const onHash = () => setView(viewOfHash());
    addEventListener('hashchange', onHash);
    return () => removeEventListener('hashchange', onHash);
  }, []);
  const Shown = views[view][1];
  return (
    <>
      <header>
        <strong>boop</strong>
        <nav>
          {(Object.keys(views) as View[]).map((name) => (
            <a key={name} href={`#/${name}`} aria-current={name === view ? 'page' : undefined}>
              {views[name][0]}
            </a>
          ))}
        </nav>
      </header>
      <main>{addresses ? <Shown addresses={addresses} feed={feed} /> : <p className="muted">Loading…</p>}</main>
    </>
  );
}
