/**
 * An ONNX model (IR version 8, opset 13) with one node, Flatten: from (1, 1, 16, 32) floats to (1, 512). Protocol Buffers by hand: the smallest
 * encoder there is.
 */
export function flattenModel(): Uint8Array {
  const shape = (dims: readonly number[]): number[] => message(2, dims.flatMap((dim) => message(1, varint(1, dim))));
  const value = (name: string, dims: readonly number[]): number[] => [...text(1, name), ...message(2, message(1, [...varint(1, 1), ...shape(dims)]))];
  const node = [...text(1, 'x'), ...text(2, 'y'), ...text(4, 'Flatten')];
  const graph = [...message(1, node), ...text(2, 'encoder'), ...message(11, value('x', [1, 1, 16, 32])), ...message(12, value('y', [1, 512]))];
  return Uint8Array.from([...varint(1, 8), ...message(7, graph), ...message(8, varint(2, 13))]);
}

function varint(field: number, value: number): number[] {
  return [field << 3, ...base128(value)];
}

function message(field: number, bytes: readonly number[]): number[] {
  return [(field << 3) | 2, ...base128(bytes.length), ...bytes];
}

const text = (field: number, value: string): number[] => message(field, [...Buffer.from(value, 'utf8')]);

function base128(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...base128(value >>> 7)];
}
