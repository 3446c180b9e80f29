/**
 * Preload for the launcher of a network (`NODE_OPTIONS=--import …`): every process that it starts with a configuration file of
 * its own gets `record-sockets.mjs` as a preload, and the name of that file's folder (`gateway`, `node-1`).
 */
import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname } from 'node:path';

const dir = process.env.BOOP_TEST_RECORD_DIR;
const preload = new URL('record-sockets.mjs', import.meta.url).href;

const nameOf = (configFile) => {
  const folder = dirname(configFile);
  return basename(dirname(folder)) === 'nodes' ? `node-${basename(folder)}` : basename(folder);
};

if (dir) {
  const { spawn } = childProcess;
  childProcess.spawn = (command, args, options) => {
    const configFile = options?.env?.BOOP_CONFIG;
    if (!configFile) return spawn(command, args, options);
    const env = { ...options.env, BOOP_TEST_RECORD_DIR: dir, BOOP_PROCESS_NAME: nameOf(configFile) };
    return spawn(command, ['--import', preload, ...args], { ...options, env });
  };
  syncBuiltinESMExports();
}
