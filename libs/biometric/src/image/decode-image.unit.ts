import { describe, expect, jest, test } from '@jest/globals';
import { encode as encodeBmp } from 'fast-bmp';
import { type ImageData, encode as encodePng } from 'fast-png';
import { Unzlib, zlibSync } from 'fflate';
import { concatBytes, isBoopError, uint32, utf8 } from '@boop/shared';
import { decodeImage } from './decode-image.ts';

const WIDTH = 5;
const HEIGHT = 3;
const grey = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => (i * 17) % 256);
const rgb = Uint8Array.from(grey, (value) => value).reduce<number[]>((all, v) => [...all, v, v, v], []);

const codeOf = (bytes: Uint8Array): string => {
  try {
    decodeImage(bytes);
  } catch (error) {
    if (isBoopError(error)) return error.code;
    throw error;
  }
  return 'decoded';
};

const png = (image: Partial<ImageData>, interlace: 'null' | 'Adam7' = 'null'): Uint8Array =>
  encodePng({ width: WIDTH, height: HEIGHT, data: grey, channels: 1, depth: 8, ...image }, { interlace });

/** A BMP of any kind, written by the format's definition and not by the decoder's own library. */
function bmp(options: { bits?: number; topDown?: boolean; info?: number; compression?: number; palette?: (i: number) => number; width?: number; height?: number; colours?: number } = {}): Uint8Array {
  const { bits = 8, topDown = false, info = 40, compression = 0, palette = (i) => i, width = WIDTH, height = HEIGHT, colours = 256 } = options;
  const row = Math.floor((bits * WIDTH + 31) / 32) * 4;
  const paletteBytes = bits === 8 ? 4 * colours : 0;
  const pixelsAt = 14 + info + paletteBytes;
  const out = new Uint8Array(pixelsAt + row * HEIGHT);
  const view = new DataView(out.buffer);
  out.set(utf8('BM'));
  view.setUint32(10, pixelsAt, true);
  view.setUint32(14, info, true);
  view.setInt32(18, width, true);
  view.setInt32(22, topDown ? -height : height, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, bits, true);
  view.setUint32(30, compression, true);
  view.setUint32(46, bits === 8 && colours !== 256 ? colours : 0, true);
  if (info > 40) [0xff0000, 0xff00, 0xff].forEach((mask, i) => view.setUint32(54 + 4 * i, mask, true));
  for (let i = 0; i < paletteBytes / 4; i++) out.set([palette(i), palette(i), palette(i), 0], 14 + info + 4 * i);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const at = pixelsAt + (topDown ? y : HEIGHT - 1 - y) * row + (x * bits) / 8;
      out.fill(grey[y * WIDTH + x]!, at, at + bits / 8);
    }
  }
  return out;
}

describe('BMP', () => {
  test.each([
    ['8 bit', bmp()],
    ['8 bit, 17 colours more than needed', bmp({ colours: 250 })],
    ['8 bit, top-down', bmp({ topDown: true })],
    ['24 bit', bmp({ bits: 24 })],
    ['24 bit, top-down', bmp({ bits: 24, topDown: true })],
    ['32 bit', bmp({ bits: 32 })],
    ['32 bit with masks', bmp({ bits: 32, info: 56, compression: 3 })],
    ['version 5 header', bmp({ info: 124 })],
    ['of the library', encodeBmp({ width: WIDTH, height: HEIGHT, channels: 3, bitsPerPixel: 24, data: Uint8Array.from(rgb) })],
  ])('%s', (_, bytes) => {
    expect(decodeImage(bytes)).toEqual({ width: WIDTH, height: HEIGHT, pixels: grey });
  });

  test('a palette is looked up, not taken for grey', () => {
    expect(decodeImage(bmp({ palette: (i) => 255 - i })).pixels).toEqual(grey.map((value) => 255 - value));
  });

  test('colours become luminance (ITU-R BT.601), in a palette and in pixels', () => {
    const red = bmp({ bits: 24 });
    const palette = bmp();
    for (let x = 0; x < WIDTH; x++) red.set([0, 0, 200], 54 + 3 * x);
    palette.set([0, 100, 200, 0], 54);
    expect([...decodeImage(red).pixels.subarray(2 * WIDTH)]).toEqual([60, 60, 60, 60, 60]);
    expect(decodeImage(palette).pixels[0]).toBe(119);
  });

  test.each([
    ['an index beyond the palette', bmp({ colours: 100 }), 'capture.unreadable'],
    ['one pixel short', bmp().subarray(0, -1), 'capture.unreadable'],
    ['header only', bmp().subarray(0, 54), 'capture.unreadable'],
    ['two bytes', utf8('BM'), 'capture.unreadable'],
    ['no width', bmp({ width: 0 }), 'capture.unreadable'],
    ['negative width', bmp({ width: -5 }), 'capture.unreadable'],
    ['more rows than bytes', bmp({ height: 4 }), 'capture.unreadable'],
    ['declared 1025 wide', bmp({ width: 1025 }), 'capture.too-large'],
    ['declared 2^31 - 1 high', bmp({ height: 0x7fffffff }), 'capture.too-large'],
    ['16 bit', bmp({ bits: 16 }), 'capture.unsupported-format'],
    ['run-length coded', bmp({ compression: 1 }), 'capture.unsupported-format'],
    ['CMYK', bmp({ bits: 32, compression: 11 }), 'capture.unsupported-format'],
    ['OS/2 header', bmp({ info: 64 }), 'capture.unsupported-format'],
  ])('refuses %s', (_, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });
});

describe('PNG', () => {
  const withAlpha = (channels: number[][]): Uint8Array => Uint8Array.from(channels.flat());
  test.each([
    ['grey', png({})],
    ['grey, interlaced', png({}, 'Adam7')],
    ['grey and alpha', png({ channels: 2, data: withAlpha([...grey].map((v) => [v, 128])) })],
    ['RGB', png({ channels: 3, data: Uint8Array.from(rgb) })],
    ['RGB, interlaced', png({ channels: 3, data: Uint8Array.from(rgb) }, 'Adam7')],
    ['RGBA', png({ channels: 4, data: withAlpha([...grey].map((v) => [v, v, v, 9])) })],
  ])('%s', (_, bytes) => {
    expect(decodeImage(bytes)).toEqual({ width: WIDTH, height: HEIGHT, pixels: grey });
  });

  const chunk = (type: string, data: Uint8Array): Uint8Array => concatBytes(uint32(data.length), utf8(type), data, uint32(crc32(concatBytes(utf8(type), data))));
  const header = (fields: { width?: number; height?: number; depth?: number; colour?: number; interlace?: number } = {}): Uint8Array => {
    const { width = WIDTH, height = HEIGHT, depth = 8, colour = 0, interlace = 0 } = fields;
    return chunk('IHDR', concatBytes(uint32(width), uint32(height), Uint8Array.of(depth, colour, 0, 0, interlace)));
  };
  const signature = png({}).subarray(0, 8);
  const scanlines = (rows: number, bytes: number): Uint8Array => new Uint8Array(rows * (bytes + 1));
  const file = (...chunks: Uint8Array[]): Uint8Array => concatBytes(signature, ...chunks, chunk('IEND', new Uint8Array(0)));
  const data = chunk('IDAT', zlibSync(scanlines(HEIGHT, WIDTH)));
  const indices = chunk('IDAT', zlibSync(concatBytes(...[0, 1, 2].map(() => Uint8Array.of(0, 0, 1, 2, 1, 0)))));
  const palette = chunk('PLTE', Uint8Array.of(10, 10, 10, 200, 200, 200, 255, 0, 0));

  test('palette, with transparency ignored', () => {
    const row = [10, 200, 76, 200, 10];
    expect([...decodeImage(file(header({ colour: 3 }), palette, chunk('tRNS', Uint8Array.of(0, 128)), indices)).pixels]).toEqual([...row, ...row, ...row]);
  });

  const whole = png({});
  const flipped = Uint8Array.from(whole, (byte, i) => (i === whole.length - 20 ? byte ^ 1 : byte));
  test.each([
    ['a flipped bit of the pixels (CRC)', flipped, 'capture.unreadable'],
    ['truncated', whole.subarray(0, whole.length - 15), 'capture.unreadable'],
    ['signature only', signature, 'capture.unreadable'],
    ['no pixels', file(header()), 'capture.unreadable'],
    ['rows missing', file(header({ height: 4 }), data), 'capture.unreadable'],
    ['rows too many', file(header({ height: 2 }), data), 'capture.unreadable'],
    ['a pixel missing', file(header(), chunk('IDAT', zlibSync(scanlines(HEIGHT, WIDTH).subarray(1)))), 'capture.unreadable'],
    ['two headers', file(header(), header(), data), 'capture.unreadable'],
    ['a filter of no kind', file(header(), chunk('IDAT', zlibSync(scanlines(HEIGHT, WIDTH).fill(9)))), 'capture.unreadable'],
    ['an unknown critical chunk', file(header(), chunk('CODE', new Uint8Array(1)), data), 'capture.unreadable'],
    ['a palette index out of range', file(header({ colour: 3 }), chunk('PLTE', Uint8Array.of(1, 2, 3)), indices), 'capture.unreadable'],
    ['a palette image without palette', file(header({ colour: 3 }), indices), 'capture.unreadable'],
    ['16 bit', png({ depth: 16, data: Uint16Array.from(grey) }), 'capture.unsupported-format'],
    ['1 bit', file(header({ depth: 1 }), data), 'capture.unsupported-format'],
    ['animated', file(header(), chunk('acTL', new Uint8Array(8)), data), 'capture.unsupported-format'],
    ['rotated by EXIF', file(header(), chunk('eXIf', new Uint8Array(8)), data), 'capture.unsupported-format'],
    ['declared 2^31 wide', file(header({ width: 2 ** 31 }), data), 'capture.too-large'],
    ['no height', file(header({ height: 0 }), data), 'capture.unreadable'],
  ])('refuses %s', (_, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });

  test('a decompression bomb costs no more than an honest image', () => {
    const bomb = file(header(), chunk('IDAT', zlibSync(new Uint8Array(200 * 2 ** 20), { level: 9 })));
    expect(bomb.length).toBeLessThan(2 ** 20);
    const push = jest.spyOn(Unzlib.prototype, 'push');
    expect(codeOf(bomb)).toBe('capture.unreadable');
    expect(push).toHaveBeenCalledTimes(1);
    push.mockRestore();
  });

  test('a bomb in a colour profile is not inflated', () => {
    const profile = concatBytes(utf8('x'), new Uint8Array(2), zlibSync(new Uint8Array(200 * 2 ** 20), { level: 9 }));
    const before = process.memoryUsage().arrayBuffers;
    expect(codeOf(file(header(), chunk('iCCP', profile), data))).toBe('decoded');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 2 ** 20);
  });
});

describe('any file', () => {
  test.each([
    ['nothing', new Uint8Array(0), 'capture.unreadable'],
    ['JPEG (also CMYK)', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16), 'capture.unsupported-format'],
    ['text', utf8('a palm'), 'capture.unsupported-format'],
    ['more than 1 MiB', new Uint8Array(2 ** 20 + 1), 'capture.too-large'],
  ])('refuses %s', (_, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });

  test('is read from a view into a larger buffer', () => {
    const bytes = png({});
    const larger = new Uint8Array(bytes.length + 7);
    larger.set(bytes, 3);
    expect(decodeImage(larger.subarray(3, 3 + bytes.length)).pixels).toEqual(grey);
  });
});

/** CRC of PNG, third edition, annex D, bit by bit. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
