import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Account, MapLog, vrfKey } from '@boop/log/testing';
import { serveLog, ServedLog } from '@boop/monitor/testing';
import { logEntryBytes } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { proveAccount, proveEntry, proveIndex } from '../ledger/prove.ts';
import { verifyText } from '../ledger/verify.ts';
import { type MonitorRun, runMonitor } from './run-monitor.ts';

const entry = (session: number) =>
  logEntryBytes({ v: 1, networkId: 'n', epoch: 1, time: 1_700_000_000, kind: 'authentication', session: Buffer.alloc(32, session).toString('base64url'), decision: 'rejected', verified: true });

let folder: string;
let source: ServedLog;
let url: string;
let close: () => Promise<void>;
let written: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'boop-cli-monitor-'));
  const log = new MapLog();
  await log.append([entry(1), entry(2)]);
  await log.revise([[new Account('alice'), 'one']]);
  source = new ServedLog(log);
  ({ url, close } = await serveLog(source));
  written = '';
});
afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
});

const run = (change: Partial<MonitorRun> = {}): Promise<number> =>
  runMonitor({ url, key: source.log.vkey, folder, name: 'monitor.example/m', peers: [], cosigners: [], quorum: 0, ageMax: 60, interval: 1, once: true, write: (text) => void (written += text), ...change });
const policy = () => ({ key: source.log.vkey, cosigners: [], quorum: 0 });

describe('boop monitor', () => {
  test('ends with 0 when all is well, and goes on where it was', async () => {
    expect(await run()).toBe(0);
    await source.log.append([entry(3)]);
    expect(await run()).toBe(0);
    expect(written.match(/^.*verified.*$/gm)).toEqual(['3 entries verified, map at revision 1', '4 entries verified, map at revision 1']);
    expect(new Set(written.match(/^cosigning as .*$/gm)).size).toBe(1);
  });

  test('ends with 2 when the log was forked, with evidence that `boop ledger verify` accepts', async () => {
    await run();
    const fork = new MapLog();
    await fork.append([entry(1), entry(9), entry(3), entry(4), entry(5)]);
    source.log = fork;
    expect(await run()).toBe(2);
    const [file] = readdirSync(join(folder, 'evidence'));
    const text = readFileSync(join(folder, 'evidence', file!), 'utf8');
    expect(verifyText(text, policy())).toBe('PROVEN against the log: log.two-histories (two-histories)');
    const other = source.log.vkey.replace('log.example/network', 'log.example/another');
    expect(() => verifyText(text, { ...policy(), key: other })).toThrow(expect.objectContaining({ code: 'log.malformed-vkey' }));
    // It stays convicted.
    expect(await run()).toBe(2);
  });

  test('ends with 1 when the log can not be read', async () => {
    await close();
    expect(await run()).toBe(1);
    expect(written).toContain('ALARM monitor.unreachable (seen, not provable to others)');
    ({ url, close } = await serveLog(source));
  });

  test('follows until it is stopped, and compares with its peers', async () => {
    const stop = new AbortController();
    const untilAlarm = (text: string): void => {
      written += text;
      if (/^ALARM/m.test(written)) stop.abort();
    };
    const other = new ServedLog(new MapLog());
    await other.log.append([entry(7)]);
    const peer = await serveLog(other);
    source.log = new MapLog();
    await source.log.append([entry(8)]);
    expect(await run({ once: false, signal: stop.signal, write: untilAlarm, peers: [peer.url], listen: { host: '127.0.0.1', port: 0 } })).toBe(2);
    await peer.close();
    expect(written).toContain('ALARM log.two-heads: evidence in');
  });
});

describe('boop ledger', () => {
  test('proves an entry from tiles alone, in both forms', async () => {
    const { json, text, entry: proven } = await proveIndex(url, source.log.vkey, 1);
    expect(proven).toEqual(entry(2));
    expect(verifyText(JSON.stringify(json), policy())).toBe('OK: the entry is at 1 of 3');
    expect(verifyText(text, { ...policy(), entry: proven })).toBe('OK: the entry is at 1 of 3');
    expect(() => verifyText(text, { ...policy(), entry: entry(1) })).toThrow(expect.objectContaining({ code: 'log.inclusion-invalid' }));
    expect(() => verifyText(text, policy())).toThrow(expect.objectContaining({ code: 'ledger.entry-needed' }));
    await expect(proveIndex(url, source.log.vkey, 3)).rejects.toMatchObject({ code: 'log.pending' });
    await expect(proveEntry(url, source.log.vkey, 'AAAA')).rejects.toMatchObject({ code: 'ledger.refused' });
  });

  test('verifies what the map says about an account, present or absent', async () => {
    const key = toBase64Url(vrfKey);
    const alice = new Account('alice');
    alice.next('one');
    const present = await source.log.proofOf(alice, { opening: true, history: true });
    const absent = await source.log.proofOf(new Account('bob'));
    const about = (account: string) => ({ ...policy(), account, vrfKey: key });
    expect(verifyText(JSON.stringify(present), about('alice'))).toBe('OK: the account is at version 0, value shown, history of 1 complete (revision 1, log of 3 entries)');
    expect(verifyText(JSON.stringify(absent), about('bob'))).toBe('OK: there is no such account (revision 1, log of 3 entries)');
    expect(() => verifyText(JSON.stringify(absent), about('alice'))).toThrow(expect.objectContaining({ code: 'vrf.invalid-proof' }));
    expect(() => verifyText(JSON.stringify(absent), policy())).toThrow(expect.objectContaining({ code: 'ledger.account-needed' }));
    await expect(proveAccount(url, source.log.vkey, key, 'alice')).rejects.toMatchObject({ code: 'ledger.refused' });
  });

  test.each(['', '5', 'null', '{}', '[]', '{"kind":"two-heads"}', 'c2sp.org/tlog-proof@v1'])('%j is no proof', (text) => {
    expect(() => verifyText(text, policy())).toThrow(expect.objectContaining({ code: expect.stringMatching(/^(ledger\.unknown-proof|log\.malformed-.*|evidence\.malformed)$/) }));
  });
});
