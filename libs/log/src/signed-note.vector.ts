import { createPublicKey, verify } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, test } from '@jest/globals';
import { toHex, utf8 } from '@boop/shared';
import { createVerifierKey, formatCheckpoint, formatNote, formatVerifierKey, openNote, parseCheckpoint, parseNote, parseVerifierKey, signatureOf } from './index.ts';

const base64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

/** c2sp.org/signed-note, Verifier keys, Example. */
const c2sp = {
  vkey: 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
  note: 'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n',
};

/** golang.org/x/mod/sumdb/note, TestOpen and TestNewSigner. */
const go = {
  peter: { vkey: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW', seed: 'gQoUAtUUbI2E8kQzMPVAgOv5juF9nHT2JS/F1ccoMXM=' },
  enoch: { vkey: 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop' },
  text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  peterLine: '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
  enochLine: '— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n',
};

describe('signed notes', () => {
  test('the example of C2SP verifies and formats byte for byte', () => {
    const key = parseVerifierKey(c2sp.vkey);
    expect(formatVerifierKey(key)).toBe(c2sp.vkey);
    expect(openNote(c2sp.note, [key])).toEqual({ text: 'This is an example message.\n', verified: [{ key }] });
    expect(formatNote(parseNote(c2sp.note))).toBe(c2sp.note);
  });

  test('their signatures are plain Ed25519 over the text, as any library verifies', () => {
    const [text, line] = [c2sp.note.slice(0, c2sp.note.indexOf('\n\n') + 1), c2sp.note.split(' ').at(-1)!];
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(c2sp.vkey.split('+')[2]!, 'base64').subarray(1).toString('base64url') }, format: 'jwk' });
    const signature = Buffer.from(line, 'base64').subarray(4);
    expect(verify(null, Buffer.from(text), publicKey, signature)).toBe(true);
    expect(verify(null, Buffer.from(`${text}.`), publicKey, signature)).toBe(false);
    const own = createVerifierKey('log.example', 1, ed25519.getPublicKey(base64(go.peter.seed)));
    const checkpoint = formatCheckpoint({ origin: 'log.example', size: 1, root: new Uint8Array(32) });
    const note = formatNote({ text: checkpoint, signatures: [signatureOf(own, ed25519.sign(utf8(checkpoint), base64(go.peter.seed)))] });
    const ownKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(own.publicKey).toString('base64url') }, format: 'jwk' });
    expect(verify(null, Buffer.from(note.split('\n\n')[0]! + '\n'), ownKey, Buffer.from(note.trimEnd().split(' ').at(-1)!, 'base64').subarray(4))).toBe(true);
  });

  test('the quotation in C2SP parses: a note whose text has an empty line', () => {
    const note =
      'Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n';
    const { text, signatures } = parseNote(note);
    expect(text.endsWith('\n\ned è subito sera.\n')).toBe(true);
    expect(signatures.map(({ name, keyId }) => [name, keyId.toString(16)])).toEqual([['quasimodo.example/salvatore', '367ba04b']]);
    expect(formatNote({ text, signatures })).toBe(note);
  });

  test('the notes of the Go package verify under one or both keys', () => {
    const [peter, enoch] = [parseVerifierKey(go.peter.vkey), parseVerifierKey(go.enoch.vkey)];
    const note = `${go.text}\n${go.peterLine}${go.enochLine}`;
    expect(openNote(note, [peter])).toEqual({ text: go.text, verified: [{ key: peter }] });
    expect(openNote(note, [enoch, peter]).verified.map(({ key }) => key.name)).toEqual(['PeterNeumann', 'EnochRoot']);
  });

  test('signing with the key of the Go package gives its bytes', () => {
    const key = createVerifierKey('PeterNeumann', 1, ed25519.getPublicKey(base64(go.peter.seed)));
    expect(formatVerifierKey(key)).toBe(go.peter.vkey);
    const signature = ed25519.sign(utf8(go.text), base64(go.peter.seed));
    expect(formatNote({ text: go.text, signatures: [signatureOf(key, signature)] })).toBe(`${go.text}\n${go.peterLine}`);
  });

  test.each([
    ['no signatures', go.text],
    ['no signature lines', `${go.text}\n`],
    ['a cut last line', `${go.text}\n${go.peterLine.slice(0, -1)}`],
    ['a control character', `\x01${go.text}\n${go.peterLine}`],
    ['a lone surrogate', `\ud800${go.text}\n${go.peterLine}`],
    ['a space in a name', `${go.text}\n— Bad Name x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`],
    ['an unexpected line', `${go.text}\n${go.peterLine}Unexpected line.\n`],
    ['a plus in a name', `${go.text}\n${go.peterLine.replace('PeterN', 'Peter+N')}`],
    ['a no-break space in a name', `${go.text}\n${go.peterLine.replace('PeterN', 'Peter\u00a0N')}`],
    ['a carriage return', `${go.text}\n${go.peterLine.replace('\n', '\r\n')}`],
    ['base64 without padding', `${go.text}\n${go.peterLine.replace('=', '')}`],
    ['base64 with a loose tail', `${go.text}\n${go.peterLine.replace('nAM=', 'nAN=')}`],
    ['no text', `\n${go.peterLine}`],
    ['too many signatures', `${go.text}\n${go.peterLine.repeat(101)}`],
  ])('malformed is a note with %s', (_what, note) => {
    expect(() => openNote(note, [parseVerifierKey(go.peter.vkey)])).toThrow(expect.objectContaining({ code: 'log.malformed-note' }));
  });

  test('unknown keys are ignored, a known key that fails spoils the note, two keys of one id are refused', () => {
    const [peter, enoch] = [parseVerifierKey(go.peter.vkey), parseVerifierKey(go.enoch.vkey)];
    const code = (note: string, keys = [peter]) => {
      try {
        return openNote(note, keys).verified.length;
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(code(`${go.text}\n${go.enochLine}`)).toBe('log.unverified-note');
    expect(code(`${go.text}\n${go.peterLine.replace('PeterNeumann', 'CarmenSandiego')}`)).toBe('log.unverified-note');
    expect(code(`${go.text}\n${go.peterLine.replace('x08g', 'x08h')}`)).toBe('log.unverified-note');
    expect(code(`${go.text}\n${go.peterLine.replace('cvIAQx', 'cvIAQy')}${go.enochLine}`, [peter, enoch])).toBe('log.bad-signature');
    expect(code(`${go.text.replace('If', 'As')}\n${go.peterLine}`)).toBe('log.bad-signature');
    expect(code(`${go.text}\n${go.peterLine.replace('nAM=', 'nAMA')}`)).toBe('log.bad-signature');
    expect(code(`${go.text}\n${go.peterLine}${go.peterLine}`)).toBe(1);
    expect(code(`${go.text}\n${go.peterLine}${go.peterLine.replace('cvIAQx', 'cvIAQy')}`)).toBe('log.bad-signature');
    expect(code(`${go.text}\n${go.peterLine}`, [peter, peter])).toBe('log.ambiguous-vkey');
  });

  test('a vkey is refused when cut anywhere or changed in any character', () => {
    const refusal = expect.objectContaining({ code: 'log.malformed-vkey' });
    const { vkey } = go.peter;
    for (let start = 0; start < vkey.length; start++) {
      for (let end = start; end <= vkey.length; end++) {
        if (end - start < vkey.length) expect(() => parseVerifierKey(vkey.slice(start, end))).toThrow(refusal);
      }
    }
    for (let at = 0; at < vkey.length; at++) {
      const changed = vkey.slice(0, at) + String.fromCharCode(vkey.charCodeAt(at) + 1) + vkey.slice(at + 1);
      expect(() => parseVerifierKey(changed)).toThrow(refusal);
    }
    // A key of a wrong length and one of an unknown type, both with the right key id.
    expect(() => parseVerifierKey('PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==')).toThrow(refusal);
    expect(() => parseVerifierKey('PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW')).toThrow(refusal);
  });
});

describe('checkpoints', () => {
  /** c2sp.org/tlog-checkpoint and tlog-cosignature, first examples. */
  const text = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
  const note = `${text}\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n`;

  test('the example of C2SP parses and formats byte for byte', () => {
    const parsed = parseNote(note);
    const checkpoint = parseCheckpoint(parsed.text);
    expect(checkpoint).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20852163 });
    expect(toHex(checkpoint.root)).toBe('0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62');
    expect(formatCheckpoint(checkpoint)).toBe(text);
    expect(formatNote(parsed)).toBe(note);
  });

  test('its cosignature carries the time of the specification', () => {
    const { signature } = parseNote(note).signatures[1]!;
    expect(signature).toHaveLength(72);
    expect(new DataView(signature.buffer, signature.byteOffset).getBigUint64(0)).toBe(1679315147n);
  });

  test.each([
    ['an empty origin', text.replace('example.com/behind-the-sofa', '')],
    ['a leading zero', text.replace('2085', '02085')],
    ['a signed size', text.replace('2085', '+2085')],
    ['a size beyond 2^53', text.replace('20852163', '9007199254740992')],
    ['a short root', text.replace('CsUYap', 'CsUY')],
    ['a root without padding', text.replace('=', '')],
    ['an empty extension line', `${text}\n`],
    ['no last newline', text.slice(0, -1)],
    ['two lines', 'log\n1\n'],
    ['a carriage return', text.replace('\n', '\r\n')],
    ['nothing', ''],
  ])('malformed is one with %s', (_what, altered) => {
    expect(() => parseCheckpoint(altered)).toThrow(expect.objectContaining({ code: 'log.malformed-checkpoint' }));
  });

  test('extension lines are kept, and none can be smuggled in', () => {
    const extended = { ...parseCheckpoint(text), extensions: ['a', 'b'] };
    expect(parseCheckpoint(formatCheckpoint(extended))).toEqual(extended);
    const refusal = expect.objectContaining({ code: 'log.malformed-checkpoint' });
    expect(() => formatCheckpoint({ ...extended, extensions: ['a\nb'] })).toThrow(refusal);
    expect(() => formatCheckpoint({ ...extended, origin: 'log\n5' })).toThrow(refusal);
    expect(() => formatCheckpoint({ ...extended, size: 1.5 })).toThrow(refusal);
  });
});
