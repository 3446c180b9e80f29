/** Every durable write on the way from one epoch to the next, in order, by name. */
export const FAULT_POINTS = ['epoch.begin', 'epoch.rows', 'epoch.key', 'epoch.signed', 'epoch.stopped', 'epoch.confirm', 'epoch.commit', 'epoch.erase'] as const;
export type FaultPoint = (typeof FAULT_POINTS)[number];

/** Called before and after each write; tests end the process in it, or throw. */
export type FaultHook = (point: FaultPoint, when: 'before' | 'after') => void | Promise<void>;

export const noFaults: FaultHook = () => undefined;

export async function guarded<T>(hook: FaultHook, point: FaultPoint, write: () => Promise<T>): Promise<T> {
  await hook(point, 'before');
  const result = await write();
  await hook(point, 'after');
  return result;
}
