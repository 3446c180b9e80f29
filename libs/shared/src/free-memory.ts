/** ES2024. */
type Transferable = ArrayBuffer & { transfer(byteLength: number): ArrayBuffer };

/**
 * Gives the memory under a view back at once. Left to the collector, large buffers are most of its work: it counts them against a limit, and walks
 * the whole heap whenever they reach it. The view, and all others of the same memory, are empty afterwards; shared memory stays.
 */
export function freeMemory({ buffer }: ArrayBufferView): void {
  // A buffer of another realm is an instance of another ArrayBuffer.
  if (Object.prototype.toString.call(buffer) === '[object ArrayBuffer]') (buffer as Transferable).transfer(0);
}
