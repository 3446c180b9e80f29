import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Environment in which everything runs: our Node first on the path, no daemons, no telemetry. */
export const environment = {
  ...process.env,
  PATH: `${join(root, 'node_modules/.bin')}${delimiter}${process.env.PATH ?? ''}`,
  NX_DAEMON: 'false',
  NX_TUI: 'false',
  CHECKPOINT_DISABLE: '1',
  PRISMA_SCHEMA_ENGINE_BINARY: join(root, 'scripts/schema-engine.mjs'),
};

/**
 * Runs a command with our terminal; resolves to its exit status. Signals are passed on, and the child learns of our own
 * death by its IPC channel.
 */
export function exec(command, args, { onStart, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env: environment, stdio: ['inherit', 'inherit', 'inherit', 'ipc'], ...options });
    onStart?.(child);
    const pass = (signal) => child.kill(signal);
    process.on('SIGINT', pass);
    process.on('SIGTERM', pass);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      process.off('SIGINT', pass);
      process.off('SIGTERM', pass);
      resolve(signal ? 128 + (signal === 'SIGINT' ? 2 : 15) : code);
    });
  });
}

/** Runs a command quietly; throws an Error that holds its output when it fails. */
export function quietly(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    // Not `exit`: output may still be on its way then.
    child.on('close', (code) => (code === 0 ? resolve(output) : reject(new Error(`${command} ${args.join(' ')} failed (${code})\n${output}`))));
  });
}

/** One line per step: what, and how long. */
export async function step(title, work) {
  const started = Date.now();
  if (process.stderr.isTTY) process.stderr.write(`  ${title} …`);
  try {
    const result = await work();
    const line = `✓ ${title} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`;
    process.stderr.write(process.stderr.isTTY ? `\r${line}` : line);
    return result;
  } catch (error) {
    process.stderr.write(process.stderr.isTTY ? `\r✗ ${title}\n` : `✗ ${title}\n`);
    throw error;
  }
}

/** SHA-256 over the names and contents of files below the given paths. */
export function digestOf(paths, include = () => true) {
  const hash = createHash('sha256');
  const visit = (path) => {
    if (!existsSync(path)) return;
    for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const full = join(path, entry.name);
      if (entry.isDirectory()) {
        if (!['node_modules', 'dist', 'dist-types', 'generated', '.boop'].includes(entry.name)) visit(full);
      } else if (include(full)) hash.update(full.slice(root.length)).update('\0').update(readFileSync(full)).update('\0');
    }
  };
  for (const path of paths) {
    const full = join(root, path);
    if (existsSync(full) && !path.includes('.')) visit(full);
    else if (existsSync(full)) hash.update(path).update(readFileSync(full));
  }
  return hash.digest('hex');
}

const stampFile = (name) => join(root, 'node_modules/.boop', name);

/** Remembers in node_modules for which inputs a step was last done. */
export const isFresh = (name, digest) => existsSync(stampFile(name)) && readFileSync(stampFile(name), 'utf8') === digest;
export function markFresh(name, digest) {
  mkdirSync(dirname(stampFile(name)), { recursive: true });
  writeFileSync(stampFile(name), digest);
}
