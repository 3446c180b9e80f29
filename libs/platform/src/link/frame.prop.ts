import { describe, expect, test } from '@jest/globals';
import { concatBytes } from '@boop/shared';
import fc from 'fast-check';
import { encodeFrame, FRAME_BYTES_MAX, FRAME_KIND, type Frame, FrameReader } from './frame.ts';

const frames = fc.array(fc.record({ kind: fc.constantFrom(...Object.values(FRAME_KIND)), body: fc.uint8Array({ maxLength: 200 }) }), { maxLength: 12 });

describe('frames', () => {
  test('come out as they went in, however the stream is cut', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sent, cuts) => {
        const stream = concatBytes(...sent.map((frame) => encodeFrame(frame.kind, frame.body)));
        const reader = new FrameReader();
        const received: Frame[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = cuts[i % cuts.length]!;
          received.push(...reader.push(stream.subarray(at, at + size)));
          at += size;
        }
        expect(received.map((frame) => ({ kind: frame.kind, body: frame.body.slice() }))).toEqual(sent);
      }),
    );
  });

  test('of a wrong length or kind are refused before any body arrives', () => {
    const read = (...bytes: number[]) => () => [...new FrameReader().push(Uint8Array.from(bytes))];
    expect(read(0, 0x80, 0, 1)).toThrow(expect.objectContaining({ code: 'link.frame-too-large' }));
    expect(read(0, 0, 0, 0)).toThrow(expect.objectContaining({ code: 'link.malformed' }));
    expect(read(0, 0, 0, 1, 9)).toThrow(expect.objectContaining({ code: 'link.malformed' }));
    expect(read(0, 0x80, 0, 0)()).toEqual([]);
  });

  test('beyond the limit are not sent', () => {
    expect(encodeFrame(FRAME_KIND.session, new Uint8Array(FRAME_BYTES_MAX - 1)).length).toBe(FRAME_BYTES_MAX + 4);
    expect(() => encodeFrame(FRAME_KIND.session, new Uint8Array(FRAME_BYTES_MAX))).toThrow(expect.objectContaining({ code: 'link.frame-too-large' }));
  });

  test('a large frame in many chunks costs linear work', () => {
    const frame = encodeFrame(FRAME_KIND.session, new Uint8Array(FRAME_BYTES_MAX - 1));
    const reader = new FrameReader();
    const received: Frame[] = [];
    for (let at = 0; at < frame.length; at += 1000) received.push(...reader.push(frame.subarray(at, at + 1000)));
    expect(received).toHaveLength(1);
    expect(received[0]!.body).toHaveLength(FRAME_BYTES_MAX - 1);
  });
});
