/**
 * Reads one data item of CBOR (RFC 8949) of definite length: integers, bytes, text, arrays, maps, booleans, null, floats. A second
 * opinion on what lies in a record, apart from the code that wrote it.
 * @throws Error on anything else
 */
export function readCbor(bytes: Buffer): unknown {
  const reader = new CborReader(bytes);
  return reader.item();
}

class CborReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  item(): unknown {
    const initial = this.#take(1)[0]!;
    const [major, info] = [initial >> 5, initial & 31];
    if (major === 7) return this.#simple(info);
    const argument = this.#argument(info);
    switch (major) {
      case 0:
        return argument;
      case 1:
        return -1 - argument;
      case 2:
        return this.#take(argument);
      case 3:
        return this.#take(argument).toString();
      case 4:
        return Array.from({ length: argument }, () => this.item());
      case 5:
        return Object.fromEntries(Array.from({ length: argument }, () => [String(this.item()), this.item()]));
      default:
        throw new Error('a tag');
    }
  }

  #argument(info: number): number {
    if (info < 24) return info;
    if (info > 27) throw new Error('an indefinite length');
    const length = 1 << (info - 24);
    const field = this.#take(length);
    return length === 8 ? Number(field.readBigUInt64BE()) : field.readUIntBE(0, length);
  }

  #simple(info: number): unknown {
    if (info === 20 || info === 21) return info === 21;
    if (info === 22) return null;
    if (info === 26) return this.#take(4).readFloatBE();
    if (info === 27) return this.#take(8).readDoubleBE();
    throw new Error('another simple value');
  }

  #take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw new Error('the item is cut off');
    return this.#bytes.subarray(this.#at, (this.#at += length));
  }
}
