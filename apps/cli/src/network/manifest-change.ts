import { networkManifestSchema, type NetworkManifest } from '@boop/protocol';
import { BoopError } from '@boop/shared';

/**
 * The manifest of the next epoch with some fields set.
 * @param changes `path=value`, where a path names properties and indices that exist, or a property that a manifest may have, and a value is JSON or else text
 * @throws BoopError `manifest.unknown-field`
 */
export function changedManifest(inForce: NetworkManifest, changes: readonly string[]): unknown {
  const next: Record<string, unknown> = { ...structuredClone(inForce), epoch: inForce.epoch + 1 };
  for (const change of changes) {
    const cut = change.indexOf('=');
    const path = change.slice(0, Math.max(cut, 0)).split('.');
    const last = path.pop()!;
    const holder = path.reduce<unknown>((value, name) => (isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined), next);
    const isKnown = isRecord(holder) && (Object.hasOwn(holder, last) || (path.length === 0 && Object.hasOwn(networkManifestSchema.shape, last)));
    if (!isKnown) throw new BoopError('manifest.unknown-field', `the manifest has no field ${change.slice(0, Math.max(cut, 0)) || change}`);
    holder[last] = valueOf(change.slice(cut + 1));
  }
  return next;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
