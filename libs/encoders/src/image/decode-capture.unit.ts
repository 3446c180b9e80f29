import { describe, expect, jest, test } from '@jest/globals';
import { type GreyImage, decodeImage, syntheticPalm } from '@boop/biometric';
import { isBoopError } from '@boop/shared';
import sharp, { type Sharp } from 'sharp';
import { DECODE_LIMITS, type DecodeLimits, decodeCapture } from './decode-capture.ts';

jest.setTimeout(120_000);

const [WIDTH, HEIGHT] = [96, 64];
const palm = syntheticPalm({ identity: 4, position: 'left-palm', capture: 0 });
const grey = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, at) => palm.pixels[Math.floor(at / WIDTH) * palm.width + (at % WIDTH)]!);
const rgb = Uint8Array.from({ length: 3 * grey.length }, (_, at) => grey[Math.floor(at / 3)]!);
const source = (): Sharp => sharp(rgb, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });

const codeOf = (bytes: Uint8Array, limits?: Partial<DecodeLimits>): Promise<string> =>
  decodeCapture(bytes, { ...DECODE_LIMITS, ...limits }).then(
    () => 'decoded',
    (error: unknown) => (isBoopError(error) ? error.code : Promise.reject(error)),
  );
function farthest({ pixels }: GreyImage, expected: Uint8Array): number {
  expect(pixels).toHaveLength(expected.length);
  return pixels.reduce((most, value, at) => Math.max(most, Math.abs(value - expected[at]!)), 0);
}

describe('a capture of', () => {
  test.each([
    ['PNG', () => source().png(), 0],
    ['grey PNG', () => source().toColourspace('b-w').png(), 0],
    ['16-bit PNG', () => source().toColourspace('rgb16').png(), 1],
    ['16-bit grey PNG', () => source().toColourspace('grey16').png(), 1],
    ['PNG with transparency', () => source().ensureAlpha(0.2).png(), 0],
    ['interlaced PNG', () => source().png({ progressive: true }), 0],
    ['TIFF', () => source().tiff({ compression: 'lzw' }), 0],
    ['lossless WebP', () => source().webp({ lossless: true }), 0],
    ['JPEG', () => source().jpeg({ quality: 95 }), 12],
    ['progressive JPEG', () => source().jpeg({ quality: 95, progressive: true }), 12],
    ['grey JPEG', () => source().toColourspace('b-w').jpeg({ quality: 95 }), 12],
    ['CMYK JPEG', () => source().toColourspace('cmyk').jpeg({ quality: 100 }), 40],
  ] as const)('%s is decoded to its luminance', async (_, encode, tolerance) => {
    const image = await decodeCapture(await encode().toBuffer());
    expect([image.width, image.height]).toEqual([WIDTH, HEIGHT]);
    expect(farthest(image, grey)).toBeLessThanOrEqual(tolerance);
  });

  test('coloured PNG gives what the decoder for every runtime gives', async () => {
    const colours = Uint8Array.from(rgb, (value, at) => (value * (1 + (at % 3))) / 3);
    const png = await sharp(colours, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } }).png().toBuffer();
    expect(await decodeCapture(png)).toEqual(decodeImage(png));
  });

  test.each([3, 6, 8])('EXIF orientation %d is turned upright', async (orientation) => {
    const turned = await decodeCapture(await source().png().withMetadata({ orientation }).toBuffer());
    const [width, height] = orientation === 3 ? [WIDTH, HEIGHT] : [HEIGHT, WIDTH];
    expect([turned.width, turned.height]).toEqual([width, height]);
    const from = { 3: (x: number, y: number) => (HEIGHT - 1 - y) * WIDTH + (WIDTH - 1 - x), 6: (x: number, y: number) => (HEIGHT - 1 - x) * WIDTH + y, 8: (x: number, y: number) => x * WIDTH + (WIDTH - 1 - y) }[orientation]!;
    expect(farthest(turned, Uint8Array.from({ length: grey.length }, (_, at) => grey[from(at % width, Math.floor(at / width))]!))).toBe(0);
  });

  test('large photographs are reduced while they are decoded', async () => {
    const large = await source().resize(3200, 2400, { fit: 'fill' }).jpeg().toBuffer();
    expect(await decodeCapture(large)).toMatchObject({ width: 2048, height: 1536 });
  });

  test('BMP goes to the decoder with limits of its own', async () => {
    expect(await codeOf(Uint8Array.of(0x42, 0x4d, 0, 0))).toBe('capture.unreadable');
  });
});

describe('refused', () => {
  const frames = async (): Promise<Buffer[]> => [await source().png().toBuffer(), await source().negate().png().toBuffer()];
  test('animated WebP, GIF, pages of TIFF', async () => {
    const animated = async () => sharp(await frames(), { join: { animated: true } });
    expect(await codeOf(await (await animated()).webp().toBuffer())).toBe('capture.unsupported-format');
    expect(await codeOf(await (await animated()).gif().toBuffer())).toBe('capture.unsupported-format');
    expect(await codeOf(await (await animated()).tiff().toBuffer())).toBe('capture.unsupported-format');
  });

  test('animated PNG', async () => {
    const png = await source().png().toBuffer();
    const control = Buffer.from('000000086163544c000000020000000000000000', 'hex');
    const announced = Buffer.concat([png.subarray(0, 33), control, png.subarray(33)]);
    expect(await codeOf(announced)).toBe('capture.unsupported-format');
  });

  test.each([
    ['nothing', new Uint8Array(0), 'capture.unreadable'],
    ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), 'capture.unsupported-format'],
    ['text', Buffer.from('not an image'), 'capture.unsupported-format'],
    ['signature of a JPEG only', Uint8Array.of(0xff, 0xd8, 0xff), 'capture.unreadable'],
  ])('%s', async (_, bytes, code) => {
    expect(await codeOf(bytes)).toBe(code);
  });

  test.each(['png', 'jpeg', 'webp', 'tiff'] as const)('%s cut short at any place', async (format) => {
    const whole = await source().toFormat(format).toBuffer();
    for (const share of [0.02, 0.3, 0.6, 0.9]) expect(await codeOf(whole.subarray(0, Math.max(12, Math.floor(share * whole.length))))).toMatch(/^capture\.(unreadable|unsupported-format)$/);
  });

  test('more bytes or pixels than the limits, before they are decoded', async () => {
    const png = await source().png().toBuffer();
    expect(await codeOf(png, { bytesMax: png.length - 1 })).toBe('capture.too-large');
    expect(await codeOf(png, { pixelsMax: WIDTH * HEIGHT - 1 })).toBe('capture.too-large');
    expect(await codeOf(png, { bytesMax: png.length, pixelsMax: WIDTH * HEIGHT })).toBe('decoded');
  });

  test('a bomb: 8,000 × 8,000 pixels in a few hundred kilobytes cost no memory', async () => {
    const bomb = await sharp({ create: { width: 8_000, height: 8_000, channels: 3, background: 'white' } }).png({ compressionLevel: 6 }).toBuffer();
    expect(bomb.length).toBeLessThan(1 << 20);
    const before = process.memoryUsage().rss;
    expect(await codeOf(bomb)).toBe('capture.too-large');
    expect(process.memoryUsage().rss - before).toBeLessThan(64 << 20);
  });

  test('no error carries what was decoded', async () => {
    const marked = Buffer.concat([await source().png().toBuffer(), Buffer.from('secret')]).fill(7, 60, 90);
    const error = await decodeCapture(marked).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'capture.unreadable', message: 'the image is damaged or incomplete' });
    expect(error).not.toHaveProperty('cause');
  });
});
