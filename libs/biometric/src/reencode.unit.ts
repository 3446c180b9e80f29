import { describe, expect, test } from '@jest/globals';
import { encodeTemplate, parseTemplate } from './container.ts';
import { encodePalm } from './encode-palm.ts';
import { PALM_ENCODER } from './palm-encoders.ts';
import { reencode } from './reencode.ts';
import { syntheticPalm } from './synthetic/synthetic-palm.ts';

const palm = syntheticPalm({ identity: 11, position: 'right-palm', capture: 0 });
const former = encodePalm(palm, 'palm-compcode-0');
const old = encodeTemplate(former.template, { position: 'right-palm', quality: former.quality, captureTimeMs: 1234 });

describe('encoding again', () => {
  test('gives what the new encoder makes of the capture, with position and time kept', () => {
    const { container, changed } = reencode(old, palm);
    expect(changed).toBe(true);
    expect(parseTemplate(container)).toEqual({ template: encodePalm(palm).template, header: { position: 'right-palm', quality: encodePalm(palm).quality, captureTimeMs: 1234 } });
    expect(parseTemplate(container).template.encoder).toBe(PALM_ENCODER);
  });

  test('leaves a container of the wanted version as it is', () => {
    expect(reencode(old, palm, 'palm-compcode-0')).toEqual({ container: old, position: 'right-palm', changed: false });
  });

  test('a capture that is not one, or bytes that are no container, are refused', () => {
    expect(() => reencode(old, { width: 9, height: 9, pixels: new Uint8Array(81) })).toThrow(expect.objectContaining({ code: 'capture.wrong-size' }));
    expect(() => reencode(old.subarray(1), palm)).toThrow(expect.objectContaining({ code: 'template.malformed' }));
  });
});
