import { type CheckpointPolicy, cosign, formatNote, openCheckpoint, type OpenedCheckpoint, parseMapRevision, parseNote, parseVerifierKey, type TreeHead, verifyEvidence, type VerifierKey } from '@boop/log';
import { type Clock, equalBytes, isBoopError } from '@boop/shared';
import { type Alarm, type Finding } from './alarm.ts';
import { entryFault } from './entry-fault.ts';
import { compareOlder, type EntryRule, followGrowth, headOf, type SignedHead, twoHistories } from './log-follower.ts';
import { chainRecords, followMap } from './map-follower.ts';
import { Mirror } from './mirror.ts';
import { type LogSource, type MapHead, type MonitorStore } from './ports.ts';
import { CLAIMS_MAX, formatState, initialState, type MonitorState, parseState } from './state.ts';

export interface MonitorOptions {
  /** Of the log. */
  readonly vkey: string;
  /** Cosigners that should be seen on its checkpoints: nodes, witnesses. */
  readonly cosigners?: readonly string[];
  /** How many of them, none older than `cosignatureAgeMaxS`; default 0. */
  readonly quorum?: number;
  readonly cosignatureAgeMaxS?: number;
  readonly source: LogSource;
  readonly store: MonitorStore;
  readonly clock: Clock;
  /** Key (type 0x04) by which this monitor vouches for what it verified; without it, it only watches. */
  readonly signer?: { readonly key: VerifierKey; readonly sign: (message: Uint8Array) => Uint8Array };
  /** Rules of single entries; those of the network's log by default. */
  readonly entryFault?: EntryRule;
}

export interface Step {
  readonly head: TreeHead;
  /** Verified revision of the map. */
  readonly revision: number;
  readonly alarms: readonly Alarm[];
}

/**
 * Follows one log: every entry, every step of its map. Each step ends with a verified head, which is cosigned, or with alarms. Once
 * there is evidence against the log, nothing of it is cosigned any more. State is stored before it is shown to anybody.
 * Steps must not overlap. Cost of a step: one request per 256 new entries and one per new revision.
 */
export class Monitor {
  readonly #options: MonitorOptions;
  readonly #mirror: Mirror;
  readonly #origin: string;
  #state: MonitorState = initialState();

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#mirror = new Mirror(options.store);
    this.#origin = parseVerifierKey(options.vkey).name;
  }

  /** Takes up what was stored. Throws `monitor.malformed-state`. */
  async load(): Promise<void> {
    const stored = await this.#options.store.load();
    if (stored !== undefined) this.#state = parseState(stored);
  }

  get state(): MonitorState {
    return this.#state;
  }

  get mirror(): Mirror {
    return this.#mirror;
  }

  /** Rejects with kind `unavailable`, or `log.tile-missing`, when the log can't be read; nothing is lost by that. */
  async step(): Promise<Step> {
    const { source } = this.#options;
    const findings: Finding[] = [];
    // Asked before the checkpoint, so that what it claims is under the checkpoint or nowhere.
    const mapHead = await source.mapHead();
    const known = this.#state;
    const note = await source.checkpoint();
    const opened = this.#open(note, findings);
    if (opened) {
      await this.#follow(headOf(opened.checkpoint, note), findings);
      await this.#settleClaims(findings);
      await this.#followMap(findings);
      if (mapHead) findings.push(...this.#checkMapHead(mapHead, known));
    }
    return this.#finish(findings);
  }

  /** Compares with a head that somebody else saw, whose tree `source` has: another monitor's mirror, or the log as seen from elsewhere. */
  async compare(note: string, source: Pick<LogSource, 'read'>): Promise<Step> {
    const { checkpoint } = openCheckpoint(note, { vkey: this.#options.vkey });
    const ours = this.#signedHead();
    const other = headOf(checkpoint, note);
    if (!ours) return this.#finish([]);
    const finding =
      other.size <= ours.size
        ? await compareOlder(this.#mirror, ours, other, source)
        : await this.#compareNewer(ours, other, source);
    return this.#finish(finding ? [finding] : []);
  }

  /** With the other's tiles at once; else when the log has grown so far: what it signed then has to be what it signed before. */
  async #compareNewer(ours: SignedHead, other: SignedHead, source: Pick<LogSource, 'read'>): Promise<Finding | undefined> {
    const { claims } = this.#state;
    if (!claims.includes(other.note)) this.#state = { ...this.#state, claims: [...claims, other.note].slice(-CLAIMS_MAX) };
    const evidence = await twoHistories({ ...ours, tiles: this.#mirror }, { ...other, tiles: source }).catch((error: unknown) => {
      if (isBoopError(error)) return undefined;
      throw error;
    });
    return evidence && { code: 'log.two-histories', evidence };
  }

  async #settleClaims(findings: Finding[]): Promise<void> {
    const ours = this.#signedHead();
    if (!ours) return;
    const open: string[] = [];
    for (const note of this.#state.claims) {
      const other = headOf(openCheckpoint(note, { vkey: this.#options.vkey }).checkpoint, note);
      if (other.size > ours.size) open.push(note);
      else {
        const finding = await compareOlder(this.#mirror, ours, other, this.#options.source);
        if (finding) findings.push(finding);
      }
    }
    this.#state = { ...this.#state, claims: open };
  }

  #signedHead(): SignedHead | undefined {
    const { head, note } = this.#state;
    return note === undefined ? undefined : { ...head, note };
  }

  /** Undefined when the log did not sign it; cosigners' lines that are wrong or old are findings only. */
  #open(note: string, findings: Finding[]): OpenedCheckpoint | undefined {
    const { vkey, cosigners = [], quorum = 0, cosignatureAgeMaxS, clock } = this.#options;
    const oldestTimeS = cosignatureAgeMaxS === undefined ? 0 : Math.floor(clock.nowMs() / 1000) - cosignatureAgeMaxS;
    const policies: CheckpointPolicy[] = [{ vkey, cosigners, quorum, oldestTimeS }, { vkey }];
    for (const policy of policies) {
      try {
        return openCheckpoint(note, policy);
      } catch (error) {
        if (!isBoopError(error)) throw error;
        if (!findings.some(({ code }) => code === error.code)) findings.push({ code: error.code, observed: note });
      }
    }
    return undefined;
  }

  async #follow(newer: SignedHead, findings: Finding[]): Promise<void> {
    const ours = this.#signedHead();
    const { source } = this.#options;
    if (ours && newer.size <= ours.size) {
      const finding = await compareOlder(this.#mirror, ours, newer, source);
      if (finding) return void findings.push(finding);
      // The same head again may carry newer cosignatures; an older one is what a cache may serve.
      if (newer.size === ours.size) this.#state = { ...this.#state, note: newer.note };
      return;
    }
    const growth = await followGrowth(this.#mirror, source, ours, newer, this.#state.head, this.#options.entryFault ?? entryFault);
    findings.push(...growth.findings);
    if (!equalBytes(growth.head.root, newer.root)) return;
    const { chained, finding } = await chainRecords(this.#mirror, newer, this.#state.lastRecord, growth.records);
    if (finding) findings.push(finding);
    this.#state = { ...this.#state, head: growth.head, note: newer.note, lastRecord: chained.at(-1) ?? this.#state.lastRecord, waiting: [...this.#state.waiting, ...chained] };
  }

  async #followMap(findings: Finding[]): Promise<void> {
    const head = this.#signedHead();
    if (!head || this.#state.waiting.length === 0) return;
    const { map, waiting, finding } = await followMap({ mirror: this.#mirror, source: this.#options.source, head, origin: this.#origin, before: this.#state.map, records: this.#state.waiting });
    if (finding) findings.push(finding);
    else if (waiting.length > 0) findings.push({ code: 'monitor.transition-withheld', observed: head.note });
    this.#state = { ...this.#state, map, waiting };
  }

  /** What is served as the newest map must be recorded in the log, and not older than what was served before. */
  #checkMapHead(claim: MapHead, known: MonitorState): Finding[] {
    const observed = JSON.stringify({ revision: claim.revision, leafIndex: claim.leafIndex });
    if (claim.revision < known.map.revision) return [{ code: 'map.rolled-back', observed }];
    const { map, waiting } = this.#state;
    const logged = [{ revision: map.revision, root: map.root, leafIndex: map.entry }, ...waiting.map(({ entry, leafIndex }) => ({ ...parseMapRevision(entry), leafIndex }))];
    const same = logged.find(({ revision }) => revision === claim.revision);
    // Between the revision known before and the newest, roots were verified one by one and are not kept.
    if (same === undefined && claim.revision < map.revision) return [];
    const matches = same !== undefined && equalBytes(same.root, claim.root) && same.leafIndex === claim.leafIndex;
    return matches ? [] : [{ code: 'map.unlogged-root', observed }];
  }

  async #finish(findings: readonly Finding[]): Promise<Step> {
    const { clock, store } = this.#options;
    const nowS = Math.floor(clock.nowMs() / 1000);
    const alarms = findings.map((finding): Alarm => ({ ...this.#judge(finding), atS: nowS }));
    const convicted = this.#state.convicted || alarms.some(({ evidence }) => evidence !== undefined);
    const clean = !convicted && alarms.length === 0 && this.#state.waiting.length === 0;
    this.#state = { ...this.#state, convicted, cosigned: convicted ? undefined : clean ? this.#cosigned(nowS) : this.#state.cosigned };
    await store.save(formatState(this.#state));
    return { head: this.#state.head, revision: this.#state.map.revision, alarms };
  }

  /** Only what a third party would accept is called evidence. */
  #judge(finding: Finding): Finding {
    if (!finding.evidence) return finding;
    const { vkey, cosigners = [], entryFault: rule = entryFault } = this.#options;
    try {
      return { ...finding, code: verifyEvidence(finding.evidence, { vkey, cosigners, entryFault: rule }).code };
    } catch (error) {
      if (!isBoopError(error)) throw error;
      return { code: finding.code, observed: this.#state.note ?? '' };
    }
  }

  #cosigned(nowS: number): string | undefined {
    const { signer } = this.#options;
    const { note } = this.#state;
    if (!signer || note === undefined) return undefined;
    const { text, signatures } = parseNote(note);
    const own = cosign(signer.key, nowS, text, signer.sign);
    const others = signatures.filter(({ name, keyId }) => name !== own.name || keyId !== own.keyId);
    return formatNote({ text, signatures: [...others, own] });
  }
}
