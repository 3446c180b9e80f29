import { useEffect, useRef, useState } from 'react';
import { syntheticPalm } from '@boop/biometric';
import type { Position } from '@boop/identity';
import { encodeGreyBmp } from '@boop/sdk';

/** Where captures come from: a synthetic palm by number, or image files of the region of interest. */
export interface PalmSource {
  readonly label: string;
  /** Encoded images, one per capture. */
  captures(count: number, from: number): Promise<Uint8Array[]>;
}

export function PalmPicker({ count, position = 'right-palm', onPick }: { count: number; position?: Position; onPick(source: PalmSource, position: Position): void }) {
  const [identity, setIdentity] = useState(1);
  const [files, setFiles] = useState<File[]>([]);
  const canvas = useRef<HTMLCanvasElement>(null);

  useEffect(() => {
    onPick(
      files.length
        ? { label: `${files.length} image(s)`, captures: (wanted) => Promise.all(files.slice(0, wanted).map(async (file) => new Uint8Array(await file.arrayBuffer()))) }
        : {
            label: `synthetic palm ${identity}`,
            captures: (wanted, from) =>
              Promise.resolve(Array.from({ length: wanted }, (_, i) => encodeGreyBmp(syntheticPalm({ identity, position, capture: from + i })))),
          },
      position,
    );
  }, [identity, files, position, onPick]);

  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context || files.length) return;
    const image = syntheticPalm({ identity, position, capture: 0 });
    const pixels = context.createImageData(image.width, image.height);
    image.pixels.forEach((grey, i) => pixels.data.set([grey, grey, grey, 255], i * 4));
    context.putImageData(pixels, 0, 0);
  }, [identity, files, position]);

  return (
    <div className="row">
      {files.length === 0 && <canvas ref={canvas} className="palm" width={128} height={128} aria-label="synthetic palm" />}
      <label>
        Synthetic palm number
        <input type="number" min={1} max={9999} value={identity} disabled={files.length > 0} onChange={(event) => setIdentity(Number(event.target.value) || 1)} />
      </label>
      <label>
        or {count} image{count > 1 ? 's' : ''} (BMP or PNG, 128×128)
        <input type="file" accept=".bmp,.png" multiple={count > 1} onChange={(event) => setFiles([...(event.target.files ?? [])])} />
      </label>
    </div>
  );
}
