/** Called before and after each durable write; tests end the process in it, or throw. */
export type FaultHook<Point extends string> = (point: Point, when: 'before' | 'after') => void | Promise<void>;

export const noFaults = (): void => undefined;

export async function guarded<Point extends string, T>(hook: FaultHook<Point>, point: Point, write: () => Promise<T>): Promise<T> {
  await hook(point, 'before');
  const result = await write();
  await hook(point, 'after');
  return result;
}
