import { sdkError } from './errors.ts';

/** Resolves after `ms`; rejects with the signal's reason as soon as that aborts. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const aborted = (): void => {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', aborted);
      resolve();
    }, ms);
    signal?.addEventListener('abort', aborted, { once: true });
  });
}

/** The promise, or the signal's reason, or `wait.timeout`: whichever comes first. The promise itself goes on. */
export async function bounded<T>(promise: Promise<T>, { timeoutMs, signal }: { timeoutMs?: number | undefined; signal?: AbortSignal | undefined }): Promise<T> {
  signal?.throwIfAborted();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let aborted: (() => void) | undefined;
  const limit = new Promise<never>((_, reject) => {
    if (timeoutMs !== undefined) timer = setTimeout(() => reject(sdkError('wait.timeout', { kind: 'unavailable' })), timeoutMs);
    aborted = () => reject(signal!.reason as Error);
    signal?.addEventListener('abort', aborted, { once: true });
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', aborted!);
  }
}
