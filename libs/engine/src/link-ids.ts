const idBytes = 16;
const randomBytes = 12;

/**
 * Ids under which the machines of one run exchange messages: the run's first 12 bytes, which are random, and the machine's number.
 * @param runId 16 bytes, random, used for nothing else on the links
 */
export function linkId(runId: Uint8Array, machine: number): Uint8Array {
  const id = new Uint8Array(idBytes);
  id.set(runId.subarray(0, randomBytes));
  new DataView(id.buffer).setUint32(randomBytes, machine);
  return id;
}
