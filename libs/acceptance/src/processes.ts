import { existsSync, readdirSync, readFileSync } from 'node:fs';

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch {
    return false;
  }
}

/** Processes whose command line or environment names a folder; where there is no /proc, none can be told. */
export function processesUsing(folder: string): number[] {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && ['cmdline', 'environ'].some((file) => readProc(name, file).includes(folder)))
    .map(Number)
    .filter(isAlive);
}

/** Ended, and only waiting for its parent to notice. */
const isZombie = (pid: number): boolean => /^State:\s+Z/m.test(readProc(String(pid), 'status'));

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
