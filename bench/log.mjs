// The verifier of proofs, bundled for browsers: its size, and times in Chromium where it is installed, else in Node:
// node --conditions=@boop/source bench/log.mjs [--rounds 200] [--json FILE]. Also times of VRF, map updates and transitions in Node.
import { mkdirSync, mkdtempSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { createPrivateKey, sign } from 'node:crypto';
import { createVerifierKey, formatCheckpoint, formatNote, formatVerifierKey, leafHash, nodeHash, prepareTransition, signatureOf, SignatureType, verifyMapTransition, vrfProve, vrfVerify } from '@boop/log';
import { Account, MapLog, ORIGIN, vrfKey } from '@boop/log/testing';
import { toBase64Url, utf8 } from '@boop/shared';
import { rolldown } from 'rolldown';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '200' }, json: { type: 'string' } } });
const rounds = Number(values.rounds);
const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const root = fileURLToPath(new URL('..', import.meta.url));

async function bundleOf(exported) {
  const folder = join(root, 'libs/log/dist');
  mkdirSync(folder, { recursive: true });
  const dir = mkdtempSync(join(folder, 'bench-'));
  try {
    const input = join(dir, 'entry.js');
    writeFileSync(input, `export { ${exported.join(', ')} } from '@boop/log';\n`);
    const built = await rolldown({ input, platform: 'browser', logLevel: 'silent', resolve: { conditionNames: ['@boop/source', 'module', 'browser', 'import', 'default'] } });
    const { output } = await built.generate({ format: 'iife', name: 'verifier', minify: true });
    return output[0].code;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const sizes = (code) => ({ minified: code.length, gzip: gzipSync(code).length, brotli: brotliCompressSync(code).length });

/** A proof out of a log of 2^20 entries: 20 hashes, of which only the path exists. */
function logProof() {
  const seed = new Uint8Array(32).fill(4);
  const secret = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' });
  const publicKey = new Uint8Array(Buffer.from(secret.export({ format: 'jwk' }).x, 'base64url'));
  const key = createVerifierKey('log.example/bench', SignatureType.ed25519, publicKey);
  const entry = new Uint8Array(300).fill(7);
  const path = Array.from({ length: 20 }, (_, at) => leafHash(utf8(`sibling ${at}`)));
  const index = 0b1010_1010_1010_1010_1010;
  const head = path.reduce((hash, sibling, at) => ((index >> at) & 1 ? nodeHash(sibling, hash) : nodeHash(hash, sibling)), leafHash(entry));
  const text = formatCheckpoint({ origin: key.name, size: 2 ** 20, root: head });
  const checkpoint = formatNote({ text, signatures: [signatureOf(key, new Uint8Array(sign(null, utf8(text), secret)))] });
  return { vkey: formatVerifierKey(key), proof: { entry: toBase64Url(entry), leafIndex: index, treeSize: 2 ** 20, inclusion: path.map(toBase64Url), checkpoint }, index, head: toBase64Url(head) };
}

const log = await MapLog.create();
const accounts = Array.from({ length: 2_000 }, (_, at) => new Account(`account ${at}`));
await log.revise(accounts.map((account) => [account, 'value']));
const [alice] = accounts;
const mapProof = await log.proofOf(alice, { opening: true });
const absence = await log.proofOf(new Account('nobody'));
const input = { log: logProof(), map: { proof: mapProof, absence, vkey: log.vkey, vrfKey: toBase64Url(vrfKey), label: alice.name }, rounds };

/** Runs inside of the browser, or here; knows only the bundle. */
function measure({ log: one, map, rounds: count }, verifier) {
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
  const median = (work, inner = 1) => {
    const times = [];
    for (let at = 0; at < count; at++) {
      const start = performance.now();
      for (let again = 0; again < inner; again++) work();
      times.push((performance.now() - start) / inner);
    }
    times.sort((a, b) => a - b);
    return { p50Ms: Number(times[count >> 1].toPrecision(3)), p95Ms: Number(times[Math.floor(count * 0.95)].toPrecision(3)) };
  };
  const leaf = verifier.leafHash(bytes(one.proof.entry));
  const statement = { leafHash: leaf, index: one.index, size: one.proof.treeSize, root: bytes(one.head), proof: one.proof.inclusion.map(bytes) };
  const policy = { vkey: map.vkey, vrfKey: bytes(map.vrfKey), label: new TextEncoder().encode(map.label) };
  return {
    // Clocks of browsers are coarse: several at a time.
    inclusionUnderKnownRoot: median(() => verifier.verifyInclusionProof(statement), 50),
    logProofWithSignature: median(() => verifier.verifyLogProof(one.proof, one.vkey)),
    accountPresent: median(() => verifier.verifyMapProof(map.proof, policy)),
    accountAbsent: median(() => verifier.verifyMapProof(map.absence, { ...policy, label: new TextEncoder().encode('nobody') })),
  };
}

async function inChromium(code) {
  const { chromium: launcher } = await import('playwright-core');
  const browser = await launcher.launch({ executablePath: chromium, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    await page.addScriptTag({ content: code });
    return { runtime: `Chromium ${browser.version()}`, ...(await page.evaluate(`(${measure})(${JSON.stringify(input)}, verifier)`)) };
  } finally {
    await browser.close();
  }
}

const inNode = (code) => ({ runtime: `Node ${process.version}`, ...measure(input, new Function(`${code}; return verifier;`)()) });

async function mapTimes() {
  const time = async (work) => {
    const start = performance.now();
    const result = await work();
    return [performance.now() - start, result];
  };
  const secret = new Uint8Array(32).fill(1);
  const [proveMs, proof] = await time(() => Array.from({ length: 20 }, () => vrfProve(secret, utf8('label')))[0]);
  const [verifyMs] = await time(() => Array.from({ length: 20 }, () => vrfVerify(vrfKey, alice.label, alice.vrfProof)));
  const mutations = accounts.slice(0, 500).map((account) => account.next('another'));
  const previous = accounts.slice(0, 500).map((account) => account.history[0]);
  const [updateMs, prepared] = await time(() => prepareTransition(log.map, log.state.root, { mutations, previous }));
  const before = log.state;
  await log.record(mutations, previous);
  const { revision, transition } = log.records.at(-1);
  const [checkMs] = await time(() => verifyMapTransition({ origin: ORIGIN, before, revision, transition }));
  return { vrfProveMs: proveMs / 20, vrfVerifyMs: verifyMs / 20, vrfProofBytes: proof.length, batch: mutations.length, updateMsPerMutation: updateMs / 500, verifyTransitionMsPerMutation: checkMs / 500, transitionBytesPerMutation: Math.round(prepared.transition.proof.length / 500) };
}

const entryOnly = await bundleOf(['leafHash', 'verifyInclusionProof', 'verifyLogProof']);
const all = await bundleOf(['leafHash', 'verifyConsistencyProof', 'verifyEvidence', 'verifyInclusionProof', 'verifyLogProof', 'verifyMapProof', 'openCheckpoint']);
const times = chromium ? await inChromium(all) : inNode(all);
const report = { cpu: cpus()[0]?.model, bundleBytes: { logProofs: sizes(entryOnly), everything: sizes(all) }, verification: times, map: await mapTimes() };
console.error(JSON.stringify(report, null, 1));
if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
