import type { GreyImage } from '@boop/biometric';

/** An 8-bit grey-palette BMP, top-down: what a scanner would hand over. */
export function encodeGreyBmp(image: GreyImage): Uint8Array {
  const stride = (image.width + 3) & ~3;
  const offset = 54 + 1024;
  const out = new Uint8Array(offset + stride * image.height);
  const view = new DataView(out.buffer);
  out.set([0x42, 0x4d]);
  view.setUint32(2, out.length, true);
  view.setUint32(10, offset, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, image.width, true);
  view.setInt32(22, -image.height, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 8, true);
  view.setUint32(46, 256, true);
  for (let grey = 0; grey < 256; grey++) out.set([grey, grey, grey, 0], 54 + grey * 4);
  for (let y = 0; y < image.height; y++) out.set(image.pixels.subarray(y * image.width, (y + 1) * image.width), offset + y * stride);
  return out;
}
