import { BoopError, concatBytes, utf8 } from '@boop/shared';
import { verifyEd25519 } from './ed25519.ts';

/**
 * What a cosigner signs (C2SP tlog-cosignature, Ed25519): as of `timeS` (seconds since the Unix epoch), this is the largest
 * consistent tree of the log that it has seen. `checkpointText` is the whole note text.
 */
export function cosignatureMessage(timeS: number, checkpointText: string): Uint8Array {
  if (!Number.isSafeInteger(timeS) || timeS < 0) throw new BoopError('log.invalid-time', 'a time is a non-negative integer of seconds');
  return utf8(`cosignature/v1\ntime ${timeS}\n${checkpointText}`);
}

/** timestamped_signature: big-endian u64 time ‖ 64-byte Ed25519 signature over {@link cosignatureMessage}. */
export function formatCosignature(timeS: number, signature: Uint8Array): Uint8Array {
  if (!Number.isSafeInteger(timeS) || timeS < 0) throw new BoopError('log.invalid-time', 'a time is a non-negative integer of seconds');
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, BigInt(timeS));
  return concatBytes(time, signature);
}

/** The time of a valid cosignature; undefined when it is malformed or not valid. */
export function verifyCosignature(publicKey: Uint8Array, checkpointText: string, cosignature: Uint8Array): number | undefined {
  if (cosignature.length !== 8 + 64) return undefined;
  const timeS = Number(new DataView(cosignature.buffer, cosignature.byteOffset).getBigUint64(0));
  if (!Number.isSafeInteger(timeS)) return undefined;
  return verifyEd25519(publicKey, cosignatureMessage(timeS, checkpointText), cosignature.slice(8)) ? timeS : undefined;
}
