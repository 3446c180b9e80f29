import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeImage, encodePalm, fuse, type Template } from '@boop/biometric';
import { palmStatistic, parseShare, reconstructTemplate } from '@boop/mpc';
import { partyId } from '@boop/shared';
import { chiSquareScore } from '@boop/testing';
import { projectRoot } from './captures.ts';
import { type Encoded, numberForms, templateForms, type Wrapping, wrappings } from './leak/encodings.ts';
import { dumpDatabases, type Evidence, filesUnder, recordsOf } from './leak/evidence.ts';
import { NeedleIndex } from './leak/needle-index.ts';
import { type ReceivedShare, receivedShares, type StoredRow, storedRows } from './leak/node-holdings.ts';
import { type RunningNetwork, startNetwork, until } from './network-harness.ts';
import { syntheticPalmOf } from './palms.ts';
import { Shop } from './shop.ts';

const parties = [1, 2, 3, 4, 5];
const pairs = parties.flatMap((a) => parties.filter((b) => b > a).map((b) => [a, b] as const));
const console_ = existsSync(join(projectRoot, 'apps/console/dist/index.html')) ? ['console'] : [];
const processes = ['gateway', 'bridge', 'ledger', ...console_, ...parties.map((party) => `node-${party}`)];
/** Fifteen checks of fresh randomness: each errs less than once in 2·10⁸ runs, all together less than once in 10⁷. */
const [zMax, zAbsMax] = [5.8, 5.9];

const palms = { 'left-palm': syntheticPalmOf(41, 'left-palm'), 'right-palm': syntheticPalmOf(41, 'right-palm') } as const;
const probes = [palms['left-palm'].others[0]!, palms['right-palm'].others[1]!] as const;
const templateOf = (capture: Uint8Array): Template => encodePalm(decodeImage(capture)).template;

/** Everything that must not be seen, by the name under which the search reports it. */
const templates = new Map<string, Template>([
  ...Object.entries(palms).flatMap(([position, { samples }]): [string, Template][] => [
    [`${position} reference`, fuse(samples.map(templateOf))],
    ...samples.map((capture, index): [string, Template] => [`${position} sample ${index}`, templateOf(capture)]),
  ]),
  ...probes.map((capture, at): [string, Template] => [`probe ${at}`, templateOf(capture)]),
]);
const captures = [...palms['left-palm'].samples, ...palms['right-palm'].samples, ...probes];
const templateIndex = new NeedleIndex();
const shareIndex = new NeedleIndex();

const recordDir = mkdtempSync(join(tmpdir(), 'boop-records-'));
let network: RunningNetwork;
let sessions: ReadonlyMap<string, string>;
const records = new Map<string, readonly Evidence[]>();
const received = new Map<number, readonly ReceivedShare[]>();
const stored = new Map<number, readonly StoredRow[]>();
let dumps: readonly Evidence[];
let files: readonly Evidence[];

const search = (index: NeedleIndex, evidence: readonly Evidence[]): string[] => evidence.flatMap(({ name, bytes }) => index.search(bytes).map(({ what, offset }) => `${what} in ${name} at ${offset}`));
/** Name of the template behind a share. */
const nameOf = ({ purpose, sessionId, item }: ReceivedShare): string => (purpose === 'authentication' ? sessions.get(sessionId)! : `${item.position} ${item.role}${item.index === undefined ? '' : ` ${item.index}`}`);
const words = (bytes: Uint8Array): Uint16Array => new Uint16Array(bytes.slice().buffer);

/** A registration of both palms and two authentications by the SDK, with a recorder in every process. */
beforeAll(async () => {
  for (const [name, template] of templates) templateIndex.add(name, templateForms(template));
  captures.forEach((capture, at) => templateIndex.add(`capture ${at}`, [{ form: 'pixels', bytes: Buffer.from(decodeImage(capture).pixels) }]));
  const preload = pathToFileURL(join(projectRoot, 'libs/testing/recorder/record-network.mjs')).href;
  network = await startNetwork({ env: { NODE_OPTIONS: `--import=${preload}`, BOOP_TEST_RECORD_DIR: recordDir } });
  const shop = new Shop(network);
  await shop.register({ 'left-palm': palms['left-palm'].samples, 'right-palm': palms['right-palm'].samples });
  const results = [await shop.authenticateByChannel(probes[0]), await shop.authenticate(probes[1])];
  for (const result of results) {
    if (result.outcome !== 'accepted') throw new Error(`not recognised: ${result.outcome}`);
    await shop.vendor.getLogProof(result.logEntry, { waitMs: 60_000 });
  }
  sessions = new Map(results.map(({ authentication }, at) => [authentication.sessionId, `probe ${at}`]));
  shop.close();

  // A node that was late gets its rows from another.
  for (const party of parties) await until(async () => (await storedRows(network, party)).length === Object.keys(palms).length, 60_000);
  dumps = await dumpDatabases(network);
  for (const party of parties) stored.set(party, await storedRows(network, party));
  await network.stop();
  for (const process of processes) records.set(process, recordsOf(recordDir, process));
  for (const party of parties) received.set(party, await receivedShares(network, party, records.get(`node-${party}`)!));
  files = filesUnder(network.dataDir);
  for (const [party, shares] of received) for (const share of shares) shareIndex.add(`share ${party} of ${nameOf(share)}`, numberForms(words(share.bytes)), 4);
}, 600_000);

afterAll(async () => {
  await network?.dispose();
  rmSync(recordDir, { recursive: true, force: true, maxRetries: 10 });
}, 120_000);

describe('the evidence is complete', () => {
  const inOneOf = (evidence: readonly Evidence[], bytes: Buffer | string): boolean => evidence.some((each) => each.bytes.includes(bytes));
  const carried = (process: string, text: string): boolean => inOneOf(records.get(process)!, text);

  test.each(processes)('of %s there are records', (process) => {
    expect(records.get(process)!.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeGreaterThan(100);
  });

  test('bridge and gateway saw every envelope, the ledger the entries, each node its own shares', () => {
    const sealed = records.get('bridge')!.filter(({ name }) => name.endsWith('unmasked')).flatMap(({ bytes }) => bytes.toString('latin1').match(/"ciphertext":"([^"]+)"/g) ?? []);
    // A registration and one of the probes; the other one went to the gateway by REST.
    expect(sealed).toHaveLength(2 * parties.length);
    const texts = sealed.map((text) => text.slice(14, -1));
    expect(texts.every((text) => carried('gateway', text))).toBe(true);
    expect(carried('gateway', 'POST /v1/authentications/')).toBe(true);
    expect(carried('ledger', 'log.append')).toBe(true);
    for (const party of parties) expect(received.get(party)!.map(nameOf).sort()).toEqual([...templates.keys()].sort());
  });

  test('databases were read as rows and as raw files', () => {
    expect(dumps.map(({ name }) => name)).toEqual(expect.arrayContaining(['gateway.public.authentications', 'gateway.public.channel_events', 'ledger.public.entries', ...parties.map((party) => `node_${party}.public.gallery_rows`)]));
    const rawFiles = files.filter(({ name }) => name.startsWith('postgres/cluster/'));
    for (const party of parties) {
      for (const { sealed } of stored.get(party)!) {
        expect(inOneOf(dumps, sealed.toString('hex'))).toBe(true);
        expect(inOneOf(rawFiles, sealed.subarray(100, 400))).toBe(true);
      }
    }
    expect(files.filter(({ name }) => /^logs\/.*\.log$/.test(name)).length).toBeGreaterThanOrEqual(8);
  });
});

describe('no template, capture or share was seen in the clear', () => {
  test.each(processes)('by %s', (process) => {
    expect(search(templateIndex, records.get(process)!)).toEqual([]);
    expect(search(shareIndex, records.get(process)!)).toEqual([]);
  });

  test('in any table of any database', () => {
    expect(search(templateIndex, dumps)).toEqual([]);
    expect(search(shareIndex, dumps)).toEqual([]);
  });

  test('in any file: of PostgreSQL, logs, keys, configuration', () => {
    expect(search(templateIndex, files)).toEqual([]);
    expect(search(shareIndex, files)).toEqual([]);
  });
});

describe('what one node holds', () => {
  test.each(parties)('node %i: uniform shares that do not go with the templates', (party) => {
    const shares = received.get(party)!;
    const counts = new Float64Array(palmStatistic.p);
    let product = 0;
    let spread = 0;
    for (const share of shares) {
      const template = templates.get(nameOf(share))!.values;
      words(share.bytes).forEach((residue, at) => {
        counts[residue]! += 1;
        product += (residue - (palmStatistic.p - 1) / 2) * template[at]!;
        spread += template[at]! ** 2;
      });
    }
    expect(chiSquareScore(counts)).toBeLessThan(zMax);
    // Of uniform residues the sum has mean 0 and this deviation, whatever the template.
    expect(Math.abs(product / Math.sqrt((spread * (palmStatistic.p ** 2 - 1)) / 12))).toBeLessThan(zAbsMax);
  });

  test.each(parties)('node %i: finds no template in all of it, opened with its own keys', (party) => {
    const opened = [...received.get(party)!.map(({ bytes }) => bytes), ...stored.get(party)!.map(({ opened: row }) => row)];
    expect(opened).toHaveLength(templates.size + 2);
    expect(search(templateIndex, opened.map((bytes, at) => ({ name: `opened ${at}`, bytes: Buffer.from(bytes) })))).toEqual([]);
  });

  test.each(parties)('node %i: rows at rest are ciphertext of its shares of the references', (party) => {
    const rows = stored.get(party)!;
    expect(rows.map(({ slot }) => slot)).toEqual([0, 1]);
    const references = received.get(party)!.filter(({ item }) => item.role === 'reference').map(({ bytes }) => parseShare(bytes, palmStatistic));
    expect(rows.map(({ opened }) => new Int16Array(opened.slice().buffer))).toEqual(references);
    const counts = new Float64Array(256);
    for (const { sealed } of rows) for (const byte of sealed) counts[byte]! += 1;
    expect(chiSquareScore(counts)).toBeLessThan(zMax);
  });
});

describe('the search would find it', () => {
  const copyOf = (evidence: readonly Evidence[], planted: Buffer): Buffer => {
    const longest = evidence.reduce((a, b) => (b.bytes.length > a.bytes.length ? b : a)).bytes;
    const at = (longest.length >> 1) | 1;
    return Buffer.concat([longest.subarray(0, at), planted, longest.subarray(at)]);
  };
  const missed = (index: NeedleIndex, name: string, forms: readonly Encoded[], evidence: readonly Evidence[]): string[] =>
    forms
      .flatMap(({ form, bytes }) => (Object.keys(wrappings) as Wrapping[]).map((wrapping) => [`${name} ${form}/${wrapping}`, wrappings[wrapping](bytes)] as const))
      .filter(([what, planted]) => !index.search(copyOf(evidence, planted)).some((finding) => finding.what === what))
      .map(([what]) => what);

  test.each(pairs)('with the records and keys of nodes %i and %i, t + 1', (...pair) => {
    const [first, second] = pair.map((party) => received.get(party)!) as [readonly ReceivedShare[], readonly ReceivedShare[]];
    for (const share of first) {
      const match = second.find((each) => nameOf(each) === nameOf(share))!;
      const rebuilt = reconstructTemplate(new Map([share, match].map(({ bytes }, at) => [partyId(pair[at]!), bytes])), palmStatistic, 1);
      expect(rebuilt).toEqual(templates.get(nameOf(share))!.values);
      expect(templateIndex.search(Buffer.from(rebuilt)).map(({ what }) => what)).toContain(`${nameOf(share)} int8/raw`);
    }
  });

  test.each(['gateway', 'node-1'])('planted in a copy of a record of %s, in every form and wrapping', (process) => {
    const name = 'right-palm reference';
    expect(missed(templateIndex, name, templateForms(templates.get(name)!), records.get(process)!)).toEqual([]);
    expect(missed(templateIndex, 'capture 0', [{ form: 'pixels', bytes: Buffer.from(decodeImage(captures[0]!).pixels) }], records.get(process)!)).toEqual([]);
  });

  test('planted in a log: a share, in every form and wrapping', () => {
    const logs = files.filter(({ name }) => name.startsWith('logs/'));
    const share = received.get(3)![0]!;
    expect(missed(shareIndex, `share 3 of ${nameOf(share)}`, numberForms(words(share.bytes)), logs)).toEqual([]);
  });

  test('and the statistics would tell a template from shares', () => {
    const counts = new Float64Array(palmStatistic.p);
    for (const value of templates.get('probe 0')!.values) counts[(value + palmStatistic.p) % palmStatistic.p]! += 1;
    expect(chiSquareScore(counts)).toBeGreaterThan(100);
  });
});
