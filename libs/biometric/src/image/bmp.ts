import { decode } from 'fast-bmp';
import { checkSize, unreadable, unsupported } from './faults.ts';
import { type GreyImage, luma } from './grey-image.ts';

const FILE_HEADER = 14;
/** Sizes of BITMAPINFOHEADER and its later versions; OS/2 headers (12, 64) are refused. */
const INFO_HEADERS: readonly number[] = [40, 52, 56, 108, 124];
const BI_RGB = 0;
const BI_BITFIELDS = 3;
const MASKS = [0x00ff0000, 0x0000ff00, 0x000000ff];
/** Header with colour masks (BITMAPV2INFOHEADER): the one form that the decoder takes for every depth. */
const PLAIN_HEADER = FILE_HEADER + 52;

interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly bitsPerPixel: number;
  readonly pixelsAt: number;
  readonly pixelsBytes: number;
  readonly paletteAt: number;
  readonly paletteColours: number;
}

export function decodeBmp(bytes: Uint8Array): GreyImage {
  const header = readHeader(bytes);
  const { width, height, bitsPerPixel } = header;
  const decoded = decode(plainBmp(bytes, header));
  const data = decoded.data as Uint8Array;
  const channels = bitsPerPixel / 8;
  const grey = bitsPerPixel === 8 ? paletteLuma(bytes, header) : undefined;
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = (header.topDown ? height - 1 - y : y) * width;
    for (let x = 0; x < width; x++) {
      const at = (row + x) * channels;
      const value = grey === undefined ? luma(data[at]!, data[at + 1]!, data[at + 2]!) : grey[data[at]!];
      if (value === undefined) throw unreadable();
      pixels[y * width + x] = value;
    }
  }
  return { width, height, pixels };
}

/** [MS-WMF] 2.2.2.3 and following: BITMAPFILEHEADER, then a bitmap information header. */
function readHeader(bytes: Uint8Array): BmpHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const infoBytes = view.getUint32(14, true);
  if (!INFO_HEADERS.includes(infoBytes)) throw unsupported();
  const bitsPerPixel = view.getUint16(28, true);
  const compression = view.getUint32(30, true);
  if (![8, 24, 32].includes(bitsPerPixel)) throw unsupported();
  if (compression !== BI_RGB && !(compression === BI_BITFIELDS && bitsPerPixel === 32)) throw unsupported();
  if (compression === BI_BITFIELDS && MASKS.some((mask, i) => view.getUint32(54 + 4 * i, true) !== mask)) throw unsupported();

  const width = view.getInt32(18, true);
  const signedHeight = view.getInt32(22, true);
  const height = Math.abs(signedHeight);
  checkSize(width, height);
  const pixelsAt = view.getUint32(10, true);
  const pixelsBytes = Math.floor((bitsPerPixel * width + 31) / 32) * 4 * height;
  const paletteAt = FILE_HEADER + infoBytes;
  const paletteColours = bitsPerPixel === 8 ? view.getUint32(46, true) || 256 : 0;
  if (paletteColours > 256 || pixelsAt < paletteAt + 4 * paletteColours || pixelsAt + pixelsBytes > bytes.length) throw unreadable();
  return { width, height, topDown: signedHeight < 0, bitsPerPixel, pixelsAt, pixelsBytes, paletteAt, paletteColours };
}

/** The same rows behind a header of one known form, bottom-up: what the decoder can't misread. */
function plainBmp(bytes: Uint8Array, header: BmpHeader): Uint8Array {
  const out = new Uint8Array(PLAIN_HEADER + header.pixelsBytes);
  const view = new DataView(out.buffer);
  out.set([0x42, 0x4d]);
  view.setUint32(2, out.length, true);
  view.setUint32(10, PLAIN_HEADER, true);
  view.setUint32(14, PLAIN_HEADER - FILE_HEADER, true);
  view.setUint32(18, header.width, true);
  view.setUint32(22, header.height, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, header.bitsPerPixel, true);
  MASKS.forEach((mask, i) => view.setUint32(54 + 4 * i, mask, true));
  out.set(bytes.subarray(header.pixelsAt, header.pixelsAt + header.pixelsBytes), PLAIN_HEADER);
  return out;
}

/** Luminance of each palette entry (stored blue, green, red, reserved). */
function paletteLuma(bytes: Uint8Array, { paletteAt, paletteColours }: BmpHeader): Uint8Array {
  return Uint8Array.from({ length: paletteColours }, (_, i) => {
    const at = paletteAt + 4 * i;
    return luma(bytes[at + 2]!, bytes[at + 1]!, bytes[at]!);
  });
}
