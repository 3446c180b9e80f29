import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, test } from '@jest/globals';
import { utf8 } from '@boop/shared';
import { MemoryLog } from './fixtures/memory-log.ts';
import { entriesOf } from './fixtures/rfc6962.ts';
import {
  addSignatures,
  consistencyProof,
  cosign,
  createVerifierKey,
  decideAddCheckpoint,
  emptyTreeHead,
  formatAddCheckpoint,
  formatCheckpoint,
  formatNote,
  formatSignatureLines,
  formatTlogProof,
  formatVerifierKey,
  openCheckpoint,
  parseAddCheckpoint,
  parseNote,
  parseSignatureLines,
  parseTlogProof,
  signatureOf,
  SignatureType,
  type TreeHead,
  type WitnessedLog,
} from './index.ts';

/** c2sp.org/tlog-witness, example request body. */
const request = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
`;
/** The same, example response body. */
const response = `— witness.example/w1 CMp+6LWBU0anHGH5aNDTJkH/gj79sG+T6+iP2ThYN5krrDJbR1HDnucjL39QsZTSvVjyQLrdk3DXDqI5G2HgLatVs0pWh6Up69HVOw==
— witness.example/w1 I7rEps0pvK2UqkS2gSpVUDhrhVtQV9lgF6pRrWAvjJHjyWpW7VcE3SiOlVlbQNt64vWhO+DlkL0+UfzuOBMh9ChdMkP1vi/lCAsmlw==
— witness.example/w2 AWui8Sk55XjYLOijihBjhqEH6nS1ndDymE0a+6idX7pLcnoB+dhnz0854aLZgrrKbYKA7nC3HNJhm/kWl7oJlqU3rXXvpysAdyP3wQ==
`;
/** c2sp.org/tlog-proof, example, with its elided signatures filled and its extra data made proper base64. */
const proofText = `c2sp.org/tlog-proof@v1
extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=

example.com/fancylog
109482
sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=

— example.com/fancylog Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
`;

describe('formats of C2SP', () => {
  test('the request of tlog-witness parses and formats byte for byte', () => {
    const { oldSize, proof, checkpoint } = parseAddCheckpoint(request);
    expect([oldSize, proof.length, parseNote(checkpoint).signatures.length]).toEqual([20852014, 4, 2]);
    expect(formatAddCheckpoint({ oldSize, proof, checkpoint })).toBe(request);
  });

  test('the response of tlog-witness does too', () => {
    expect(parseSignatureLines(response).map(({ name, signature }) => [name, signature.length])).toEqual([
      ['witness.example/w1', 72],
      ['witness.example/w1', 72],
      ['witness.example/w2', 72],
    ]);
    expect(formatSignatureLines(parseSignatureLines(response))).toBe(response);
  });

  test.each([
    ['an empty line before', `\n${response}`],
    ['text before', `text\n\n${response}`],
    ['no lines', ''],
  ])('signature lines with %s are refused', (_what, lines) => {
    expect(() => parseSignatureLines(lines)).toThrow(expect.objectContaining({ code: 'log.malformed-note' }));
  });

  test('the proof of tlog-proof does too', () => {
    const parsed = parseTlogProof(proofText);
    expect([parsed.index, parsed.proof.length, new TextDecoder().decode(parsed.extra)]).toEqual([73894, 5, 'age-v1.2.1-darwin-arm64.tar.gz']);
    expect(formatTlogProof(parsed)).toBe(proofText);
    const { extra: _, ...bare } = parsed;
    expect(parseTlogProof(formatTlogProof(bare))).toEqual(bare);
  });

  test.each([
    ['another header', proofText.replace('@v1', '@v2')],
    ['loose base64', proofText.replace('Lmd6\n', 'Lmd6=\n')],
    ['a leading zero', proofText.replace('index 7', 'index 07')],
    ['no index', proofText.replace('index 73894\n', '')],
    ['a short hash', proofText.replace('gSKyXo', 'gS')],
    ['no checkpoint', proofText.slice(0, proofText.indexOf('\n\n'))],
  ])('a proof with %s is refused', (_what, text) => {
    expect(() => parseTlogProof(text)).toThrow(expect.objectContaining({ code: 'log.malformed-tlog-proof' }));
  });

  test.each([
    ['a leading zero', request.replace('old 2', 'old 02')],
    ['two spaces', request.replace('old ', 'old  ')],
    ['no size', request.replace('old 20852014\n', '')],
    ['a short hash', request.replace('PlRNCr', 'Pl')],
    ['no empty line', request.replace('\n\n', '\n')],
    ['64 hashes', request.replace('jrJZ', `${'PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n'.repeat(60)}jrJZ`)],
    ['nothing', ''],
  ])('a request with %s is refused', (_what, body) => {
    expect(() => parseAddCheckpoint(body)).toThrow(expect.objectContaining({ code: 'witness.malformed-request' }));
    expect(decideAddCheckpoint(body, () => undefined)).toEqual({ status: 400 });
  });
});

describe('a witness', () => {
  const seed = new Uint8Array(32).fill(7);
  const key = createVerifierKey('log.example', SignatureType.ed25519, ed25519.getPublicKey(seed));
  const sign = (head: TreeHead, secret = seed, origin = key.name): string => {
    const text = formatCheckpoint({ origin, ...head });
    return formatNote({ text, signatures: [signatureOf(key, ed25519.sign(utf8(text), secret))] });
  };
  const decide = (head: TreeHead, body: string) => decideAddCheckpoint(body, (origin) => (origin === key.name ? ({ keys: [key], head } satisfies WitnessedLog) : undefined));

  test('answers with the statuses of the specification', async () => {
    const log = new MemoryLog();
    await log.append(entriesOf(0, 5));
    const five = log.head;
    await log.append(entriesOf(5, 12));
    const twelve = log.head;
    const proof = await consistencyProof(log, 5, 12);
    const other = { ...twelve, root: five.root };
    const ask = (oldSize: number, head: TreeHead, path = proof, note = sign(head)) => formatAddCheckpoint({ oldSize, proof: path, checkpoint: note });

    expect(decide(emptyTreeHead(), ask(0, five, []))).toMatchObject({ status: 200, oldSize: 0, head: five });
    expect(decide(five, ask(5, twelve))).toMatchObject({ status: 200, oldSize: 5, head: twelve, text: formatCheckpoint({ origin: key.name, ...twelve }) });
    expect(decide(twelve, ask(12, twelve, []))).toMatchObject({ status: 200, head: twelve });
    expect(decide(five, ask(5, twelve, proof, sign(twelve, seed, 'unknown.example')))).toEqual({ status: 404 });
    expect(decide(five, ask(5, twelve, proof, sign(twelve, new Uint8Array(32))))).toEqual({ status: 403 });
    expect(decide(five, ask(13, twelve))).toEqual({ status: 400 });
    expect(decide(five, ask(0, twelve, []))).toEqual({ status: 409, body: '5\n' });
    expect(decide(twelve, ask(5, twelve))).toEqual({ status: 409, body: '12\n' });
    expect(decide(twelve, ask(12, other, []))).toEqual({ status: 409, body: '12\n' });
    expect(decide(five, ask(5, other))).toEqual({ status: 422 });
    expect(decide(five, ask(5, twelve, proof.slice(1)))).toEqual({ status: 422 });
    expect(decide(emptyTreeHead(), ask(0, five, proof))).toEqual({ status: 422 });
    expect(decide(emptyTreeHead(), ask(0, { size: 0, root: five.root }, []))).toEqual({ status: 422 });
  });

  test("gives cosignatures that are stapled, the newest of each, and a stranger's or a bad one never", () => {
    const note = sign({ size: 5, root: new Uint8Array(32) });
    const { text } = parseNote(note);
    const witnesses = [1, 2].map((fill) => {
      const secret = new Uint8Array(32).fill(fill);
      return { secret, key: createVerifierKey(`witness.example/w${fill}`, SignatureType.cosignatureV1, ed25519.getPublicKey(secret)) };
    });
    const line = (at: number, timeS: number, secret = witnesses[at]!.secret) => formatSignatureLines([cosign(witnesses[at]!.key, timeS, text, (message) => ed25519.sign(message, secret))]);
    const keys = witnesses.map((one) => one.key);
    const policy = { vkey: formatVerifierKey(key), cosigners: keys.map(formatVerifierKey) };

    const stapled = addSignatures(addSignatures(note, line(0, 100), keys), line(0, 200) + line(1, 150), keys);
    expect(openCheckpoint(stapled, { ...policy, quorum: 2, oldestTimeS: 150 }).cosigned).toEqual([
      { name: 'witness.example/w1', timeS: 200 },
      { name: 'witness.example/w2', timeS: 150 },
    ]);
    expect(() => openCheckpoint(stapled, { ...policy, quorum: 2, oldestTimeS: 151 })).toThrow(expect.objectContaining({ code: 'log.too-few-cosignatures' }));
    expect(openCheckpoint(stapled, { ...policy, quorum: 1, oldestTimeS: 151 }).cosigned).toEqual([{ name: 'witness.example/w1', timeS: 200 }]);
    expect(addSignatures(stapled, line(0, 150), keys)).toBe(stapled);
    expect(addSignatures(note, line(0, 100, seed), keys)).toBe(note);
    expect(addSignatures(note, line(1, 100), keys.slice(0, 1))).toBe(note);
    // One key under two names counts once.
    const alias = createVerifierKey('witness.example/alias', SignatureType.cosignatureV1, witnesses[0]!.key.publicKey);
    const twice = addSignatures(addSignatures(note, line(0, 100), keys), formatSignatureLines([cosign(alias, 100, text, (message) => ed25519.sign(message, witnesses[0]!.secret))]), [alias]);
    expect(openCheckpoint(twice, { ...policy, cosigners: [...policy.cosigners, formatVerifierKey(alias)], quorum: 1 }).cosigned).toHaveLength(2);
    expect(() => openCheckpoint(twice, { ...policy, cosigners: [...policy.cosigners, formatVerifierKey(alias)], quorum: 2 })).toThrow(expect.objectContaining({ code: 'log.too-few-cosignatures' }));
  });

  test('is no cosigner with a key of another type', () => {
    expect(() => cosign(key, 1, 'text\n', () => new Uint8Array(64))).toThrow(expect.objectContaining({ code: 'log.malformed-vkey' }));
    expect(() => openCheckpoint(sign(emptyTreeHead()), { vkey: formatVerifierKey(key), cosigners: [formatVerifierKey(key)] })).toThrow(expect.objectContaining({ code: 'log.malformed-vkey' }));
  });
});
