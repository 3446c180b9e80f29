import { useEffect, useState } from 'react';

/** Public addresses of the network that served this page (`/config.json`). */
export interface Addresses {
  readonly gateway: string;
  readonly bridge: string;
  readonly ledger: string;
}

export function useAddresses(): Addresses | undefined {
  const [addresses, setAddresses] = useState<Addresses>();
  useEffect(() => {
    void fetch('/config.json')
      .then((response) => response.json() as Promise<Addresses>)
      .then(setAddresses);
  }, []);
  return addresses;
}

/** Which context the link of a code on somebody's screen asks a scanner to answer: `/authenticate/VENDOR/CONTEXT`. */
export function contextOfLink(): string | undefined {
  const [, context] = /^\/authenticate\/[^/]+\/([^/]+)$/.exec(location.pathname) ?? [];
  return context === undefined ? undefined : decodeURIComponent(context);
}

/** A credential typed in once; kept for this tab only. */
export function useCredential(name: string): [string, (value: string) => void] {
  const [value, setValue] = useState(() => sessionStorage.getItem(name) ?? '');
  return [
    value,
    (next) => {
      sessionStorage.setItem(name, next);
      setValue(next);
    },
  ];
}
