// CPU that processes have used, by process and by thread, from /proc (Linux): steady beside other work, where times are not.
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, which is 100 on every Linux that Node runs on. */
const msPerTick = 10;

function statOf(path) {
  const text = readFileSync(path, 'utf8');
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  return { name: text.slice(text.indexOf('(') + 1, end), parent: Number(fields[1]), ms: (Number(fields[11]) + Number(fields[12])) * msPerTick };
}

/** What has ended since is left out. */
const present = (list, read) =>
  list.flatMap((each) => {
    try {
      return [[each, read(each)]];
    } catch {
      return [];
    }
  });

/**
 * Milliseconds of CPU, user and system, of all processes below one.
 * @param nameOf (command line) what a process counts as; undefined: it is not counted
 * @returns { atMs, used: Map of names to { ms, threads: Map of thread names to ms } }
 */
export function cpuBelow(root, nameOf) {
  const all = new Map(present(readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number), (pid) => statOf(`/proc/${pid}/stat`)));
  const isBelow = (pid) => {
    for (let at = all.get(pid)?.parent; at; at = all.get(at)?.parent) if (at === root) return true;
    return false;
  };
  const used = new Map();
  for (const [pid, { ms }] of all) {
    if (!isBelow(pid)) continue;
    for (const [, command] of present([pid], () => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim())) {
      const name = nameOf(command);
      if (name === undefined) continue;
      const entry = used.get(name) ?? { ms: 0, threads: new Map() };
      entry.ms += ms;
      for (const [tid, thread] of present(readdirSync(`/proc/${pid}/task`).map(Number), (id) => statOf(`/proc/${pid}/task/${id}/stat`))) {
        const label = tid === pid ? 'main' : thread.name;
        entry.threads.set(label, (entry.threads.get(label) ?? 0) + thread.ms);
      }
      used.set(name, entry);
    }
  }
  return { atMs: performance.now(), used };
}

/**
 * Milliseconds per piece of work, by process and thread, the largest first, less what the processes use when there is none.
 * @param count pieces of work between `start` and `end`; none between `end` and `rest`
 */
export function cpuPer(count, start, end, rest) {
  const resting = (end.atMs - start.atMs) / (rest.atMs - end.atMs);
  const each = (of) => Math.round(((of(end) - of(start) - (of(rest) - of(end)) * resting) / count) * 10) / 10;
  const processOf = (name) => each(({ used }) => used.get(name)?.ms ?? 0);
  const threadOf = (name, thread) => each(({ used }) => used.get(name)?.threads.get(thread) ?? 0);
  const names = [...end.used.keys()];
  return {
    all: each(({ used }) => [...used.values()].reduce((sum, { ms }) => sum + ms, 0)),
    processes: Object.fromEntries(names.map((name) => [name, { ms: processOf(name), threads: Object.fromEntries(sorted([...end.used.get(name).threads.keys()].map((thread) => [thread, threadOf(name, thread)]))) }])),
    idlePerSecond: Math.round(([...rest.used.values()].reduce((sum, { ms }) => sum + ms, 0) - [...end.used.values()].reduce((sum, { ms }) => sum + ms, 0)) / (rest.atMs - end.atMs) * 1_000),
  };
}

const sorted = (entries) => entries.filter(([, ms]) => ms !== 0).sort((a, b) => b[1] - a[1]);
