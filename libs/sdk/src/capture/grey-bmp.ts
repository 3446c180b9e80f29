import { type GreyImage } from '@boop/biometric';

const fileHeaderBytes = 14;
const infoHeaderBytes = 40;
const paletteBytes = 256 * 4;

/** An uncompressed 8-bit BMP with a grey palette, rows top-down: a capture file from a scanner's raw pixels. */
export function encodeGreyBmp({ width, height, pixels }: GreyImage): Uint8Array {
  const stride = (width + 3) & ~3;
  const pixelsAt = fileHeaderBytes + infoHeaderBytes + paletteBytes;
  const out = new Uint8Array(pixelsAt + stride * height);
  const view = new DataView(out.buffer);
  out.set([0x42, 0x4d]);
  view.setUint32(2, out.length, true);
  view.setUint32(10, pixelsAt, true);
  view.setUint32(14, infoHeaderBytes, true);
  view.setInt32(18, width, true);
  view.setInt32(22, -height, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 8, true);
  view.setUint32(46, 256, true);
  for (let grey = 0; grey < 256; grey++) out.set([grey, grey, grey, 0], fileHeaderBytes + infoHeaderBytes + grey * 4);
  for (let y = 0; y < height; y++) out.set(pixels.subarray(y * width, (y + 1) * width), pixelsAt + y * stride);
  return out;
}
