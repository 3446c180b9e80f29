/**
 * Preload for a process under observation (`node --import`): appends every byte that its sockets deliver or take, after
 * TLS, to one file per process. A test thereby sees what the process sees, without a line of it in production code.
 */
import { mkdirSync, openSync, writeSync } from 'node:fs';
import net from 'node:net';
import { basename, join } from 'node:path';

const dir = process.env.BOOP_TEST_RECORD_DIR;
if (dir) {
  mkdirSync(dir, { recursive: true });
  const label = basename(process.env.BOOP_CONFIG ?? process.argv[1] ?? 'process').replace(/\W+/g, '-');
  const file = openSync(join(dir, `${process.env.BOOP_PROCESS_NAME ?? label}-${process.pid}.bin`), 'a');
  const record = (chunk, encoding) => {
    if (chunk === null || chunk === undefined) return;
    writeSync(file, typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
  };

  // A TLS socket sits on a plain one whose bytes are ciphertext: both are recorded, which only adds noise to search in.
  const push = net.Socket.prototype.push;
  net.Socket.prototype.push = function (chunk, encoding) {
    record(chunk, encoding);
    return push.call(this, chunk, encoding);
  };
  const writeGeneric = net.Socket.prototype._writeGeneric;
  net.Socket.prototype._writeGeneric = function (writev, data, encoding, done) {
    if (writev) for (const { chunk, encoding: of } of data.allBuffers ? data.map((each) => ({ chunk: each.chunk ?? each, encoding: 'buffer' })) : data) record(chunk, of);
    else record(data, encoding);
    return writeGeneric.call(this, writev, data, encoding, done);
  };
}
