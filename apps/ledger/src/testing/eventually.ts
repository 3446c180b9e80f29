/** Polls until the condition holds. @throws Error after `timeoutMs` */
export async function eventually<T>(condition: () => Promise<T | undefined | false>, timeoutMs = 60_000): Promise<T> {
  for (const deadline = performance.now() + timeoutMs; performance.now() < deadline; ) {
    const result = await condition();
    if (result !== undefined && result !== false) return result;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('the condition did not come true in time');
}
