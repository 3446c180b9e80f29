/** Signals so close to the first are echoes of it. */
const sameSignalMs = 1_000;

/** SIGINT, SIGTERM, SIGHUP, the end of the process that started us, or `stop`. */
export function listenForStop(): { requested: Promise<void>; stop: () => void; onSecond: (action: () => void) => void } {
  let stop = (): void => undefined;
  let second = (): void => undefined;
  let firstAt: number | undefined;
  const requested = new Promise<void>((resolve) => (stop = resolve));
  const onSignal = (): void => {
    const now = performance.now();
    firstAt ??= now;
    // One Ctrl-C arrives several times: from the terminal, from npm, from the script that started us.
    if (now - firstAt > sameSignalMs) second();
    else stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  if (process.connected) process.on('disconnect', stop);
  return { requested, stop, onSecond: (action) => (second = action) };
}
