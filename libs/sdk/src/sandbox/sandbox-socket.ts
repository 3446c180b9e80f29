import { type Socket } from '../ports.ts';

type Listener = (event: { readonly data: unknown; readonly code: number }) => void;

/** The server's end of a connection inside this process. */
export interface ServerEnd {
  send(message: object): void;
  close(code: number): void;
}

/** What serves one connection: takes messages, and its end. */
export interface ConnectionHandler {
  message(message: Readonly<Record<string, unknown>>): void | Promise<void>;
  closed(): void;
}

/** A WebSocket without a wire: everything arrives, later and in order. */
export function sandboxSocket(serve: (end: ServerEnd) => ConnectionHandler): Socket {
  const listeners = new Map<string, Listener[]>();
  let over = false;
  const emit = (type: string, event: Partial<Parameters<Listener>[0]> = {}): void =>
    queueMicrotask(() => {
      for (const listener of listeners.get(type) ?? []) listener({ data: undefined, code: 1000, ...event });
    });
  const end = (code: number): void => {
    if (over) return;
    over = true;
    handler.closed();
    emit('close', { code });
  };
  const handler = serve({ send: (message) => over || emit('message', { data: JSON.stringify(message) }), close: end });
  setTimeout(() => over || emit('open'));
  return {
    send(data) {
      queueMicrotask(() => over || void handler.message(JSON.parse(data) as Readonly<Record<string, unknown>>));
    },
    close: (code = 1000) => end(code),
    addEventListener(type: string, listener: unknown) {
      listeners.set(type, [...(listeners.get(type) ?? []), listener as Listener]);
    },
  };
}
