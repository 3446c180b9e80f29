import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, test } from '@jest/globals';
import { isBoopError, toBase64Url, utf8 } from '@boop/shared';
import { entriesOf, entryOf } from './fixtures/rfc6962.ts';
import { MemoryLog } from './fixtures/memory-log.ts';
import {
  cosignatureMessage,
  createLogProof,
  createVerifierKey,
  formatCheckpoint,
  formatCosignature,
  formatNote,
  formatVerifierKey,
  type LogProof,
  openNote,
  signatureOf,
  SignatureType,
  verifyInclusion,
  verifyLogProof,
} from './index.ts';

const seed = new Uint8Array(32).fill(5);
const key = createVerifierKey('log.example/network', SignatureType.ed25519, ed25519.getPublicKey(seed));
const vkey = formatVerifierKey(key);

const log = new MemoryLog();
await log.append(entriesOf(0, 300));

function sign(text: string): string {
  return formatNote({ text, signatures: [signatureOf(key, ed25519.sign(utf8(text), seed))] });
}

const text = formatCheckpoint({ origin: key.name, ...log.head });
const proof = await createLogProof(log, entryOf(123), 123, sign(text));
const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'ok';
  } catch (error) {
    return isBoopError(error) ? error.code : `not a BoopError: ${String(error)}`;
  }
};

describe('a log proof', () => {
  test('verifies from its own text alone', () => {
    const received = JSON.parse(JSON.stringify(proof)) as LogProof;
    expect(verifyLogProof(received, vkey)).toEqual({ index: 123, size: 300 });
    expect(verifyInclusion({ entry: entryOf(123), index: 123, proof: proof.inclusion.map((hash) => new Uint8Array(Buffer.from(hash, 'base64url'))), checkpoint: proof.checkpoint, vkey })).toEqual({
      origin: key.name,
      ...log.head,
    });
  });

  const other = createVerifierKey('other.example', SignatureType.ed25519, ed25519.getPublicKey(seed));
  test.each<[string, Partial<LogProof> | LogProof, string]>([
    ['another entry', { entry: toBase64Url(entryOf(124)) }, 'log.inclusion-invalid'],
    ['another index', { leafIndex: 124 }, 'log.inclusion-invalid'],
    ['a cut path', { inclusion: proof.inclusion.slice(1) }, 'log.inclusion-invalid'],
    ['another size', { treeSize: 299 }, 'log.malformed-log-proof'],
    ['an unsigned change of the checkpoint', { checkpoint: proof.checkpoint.replace('300', '301') }, 'log.bad-signature'],
    ['a checkpoint without signature', { checkpoint: text }, 'log.malformed-note'],
    ['a checkpoint signed by another key', { checkpoint: formatNote({ text, signatures: [signatureOf(other, ed25519.sign(utf8(text), seed))] }) }, 'log.unverified-note'],
    ['a checkpoint of another log', { checkpoint: sign(formatCheckpoint({ origin: 'other.example', ...log.head })) }, 'log.wrong-origin'],
    ['a signed note that is no checkpoint', { checkpoint: sign('hello\n') }, 'log.malformed-checkpoint'],
    ['an unknown member', { more: 1 } as unknown as LogProof, 'log.malformed-log-proof'],
    ['a missing member', { entry: undefined } as unknown as LogProof, 'log.malformed-log-proof'],
    ['a padded entry', { entry: `${proof.entry}==` }, 'log.malformed-log-proof'],
    ['an entry over the limit', { entry: 'A'.repeat(87_384) }, 'log.malformed-log-proof'],
    ['a hash of another size', { inclusion: [...proof.inclusion.slice(1), 'AAAA'] }, 'log.malformed-log-proof'],
    ['an index that is no integer', { leafIndex: 1.5 }, 'log.malformed-log-proof'],
  ])('with %s is refused', (_what, change, code) => {
    expect(codeOf(() => verifyLogProof({ ...proof, ...change }, vkey))).toBe(code);
  });

  test('of any shape gives a typed error, never a crash and never a yes', () => {
    const hostile = fc.record(
      {
        entry: fc.oneof(fc.constant(proof.entry), fc.string(), fc.anything()),
        leafIndex: fc.oneof(fc.constant(123), fc.integer(), fc.anything()),
        treeSize: fc.oneof(fc.constant(300), fc.integer(), fc.anything()),
        inclusion: fc.oneof(fc.constant(proof.inclusion), fc.array(fc.string()), fc.shuffledSubarray([...proof.inclusion]), fc.anything()),
        checkpoint: fc.oneof(fc.constant(proof.checkpoint), fc.string({ unit: 'binary' }), fc.anything()),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.oneof(hostile, fc.anything()), (value) => {
        const same = JSON.stringify(value) === JSON.stringify(proof);
        expect(codeOf(() => verifyLogProof(value as LogProof, vkey))).toMatch(same ? /^ok$/ : /^log\./);
      }),
      { numRuns: 500 },
    );
  });

  test('with a checkpoint altered in any character is refused', () => {
    for (let at = 0; at < proof.checkpoint.length; at++) {
      const changed = proof.checkpoint.slice(0, at) + (proof.checkpoint[at] === 'A' ? 'B' : 'A') + proof.checkpoint.slice(at + 1);
      expect(codeOf(() => verifyLogProof({ ...proof, checkpoint: changed }, vkey))).toMatch(/^log\./);
    }
  });
});

describe('a cosignature', () => {
  const witnessSeed = new Uint8Array(32).fill(6);
  const witness = createVerifierKey('witness.example/w1', SignatureType.cosignatureV1, ed25519.getPublicKey(witnessSeed));
  const cosign = (timeS: number, of = text) => signatureOf(witness, formatCosignature(timeS, ed25519.sign(cosignatureMessage(timeS, of), witnessSeed)));
  const logLine = signatureOf(key, ed25519.sign(utf8(text), seed));
  const open = (signature: ReturnType<typeof cosign>) => openNote(formatNote({ text, signatures: [logLine, signature] }), [key, witness]);

  test('signs the message of C2SP tlog-cosignature and gives its time', () => {
    const example = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
    expect(cosignatureMessage(1679315147, example)).toEqual(utf8(`cosignature/v1\ntime 1679315147\n${example}`));
    expect(open(cosign(1679315147)).verified).toEqual([{ key }, { key: witness, timeS: 1679315147 }]);
  });

  test('is refused for another time, text or length, and as a plain signature', () => {
    const good = cosign(1679315147);
    const later = { ...good, signature: good.signature.map((byte, at) => (at === 7 ? byte + 1 : byte)) };
    const farOff = { ...good, signature: good.signature.map((byte, at) => (at === 0 ? 0x7f : byte)) };
    const plain = signatureOf(witness, ed25519.sign(utf8(text), witnessSeed));
    for (const bad of [later, farOff, plain, cosign(1679315147, text.replace('300', '301')), { ...good, signature: good.signature.slice(0, 71) }]) {
      expect(codeOf(() => open(bad))).toBe('log.bad-signature');
    }
    for (const time of [-1, 0.5, 2 ** 53]) {
      expect(codeOf(() => cosignatureMessage(time, text))).toBe('log.invalid-time');
      expect(codeOf(() => formatCosignature(time, new Uint8Array(64)))).toBe('log.invalid-time');
    }
  });
});
