import { BoopError } from '@boop/shared';

export const FILE_BYTES_MAX = 1 << 20;
export const SIDE_MAX = 1024;

export const unreadable = (): BoopError => new BoopError('capture.unreadable', 'the image is damaged or incomplete');
export const unsupported = (): BoopError =>
  new BoopError('capture.unsupported-format', 'only BMP (8, 24 or 32 bit) and PNG (8 bits per channel, one upright frame) are taken');
export const tooLarge = (): BoopError => new BoopError('capture.too-large', 'the image may have 1 MiB and 1024×1024 pixels at most');

/** Refuses declared sizes before anything is allocated for them. */
export function checkSize(width: number, height: number): void {
  if (width < 1 || height < 1) throw unreadable();
  if (width > SIDE_MAX || height > SIDE_MAX) throw tooLarge();
}
