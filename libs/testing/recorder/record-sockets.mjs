/**
 * Preload for a process under observation (`node --import`): writes every byte that its sockets deliver or take, after
 * TLS, below `BOOP_TEST_RECORD_DIR`/`BOOP_PROCESS_NAME`, one file per socket and direction, in order. A test thereby sees what the
 * process sees, without a line of it in production code.
 */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';

const { BOOP_TEST_RECORD_DIR: root, BOOP_PROCESS_NAME: name = 'process' } = process.env;
// The process takes variables of this prefix for its own configuration.
delete process.env.BOOP_TEST_RECORD_DIR;
delete process.env.BOOP_PROCESS_NAME;

if (root) {
  const dir = join(root, name);
  mkdirSync(dir, { recursive: true });
  const files = new WeakMap();
  let sockets = 0;

  const filesOf = (socket) => {
    const known = files.get(socket);
    if (known) return known;
    const base = join(dir, `${process.pid}-${++sockets}`);
    const opened = { in: openSync(`${base}-in.bin`, 'a'), out: openSync(`${base}-out.bin`, 'a') };
    files.set(socket, opened);
    socket.once('close', () => {
      files.delete(socket);
      closeSync(opened.in);
      closeSync(opened.out);
    });
    return opened;
  };
  const record = (socket, direction, chunk, encoding) => {
    if (chunk === null || chunk === undefined || chunk.length === 0) return;
    writeSync(filesOf(socket)[direction], typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
  };

  const push = net.Socket.prototype.push;
  net.Socket.prototype.push = function (chunk, encoding) {
    record(this, 'in', chunk, encoding);
    return push.call(this, chunk, encoding);
  };

  const writeGeneric = net.Socket.prototype._writeGeneric;
  net.Socket.prototype._writeGeneric = function (writev, data, encoding, done) {
    // While it connects, a socket puts the write off and comes here again.
    if (!this.connecting) for (const part of writev ? data : [{ chunk: data, encoding }]) record(this, 'out', part.chunk, part.encoding);
    return writeGeneric.call(this, writev, data, encoding, done);
  };

  // The HTTP server reads from the handle itself, past the socket, unless the handle says that somebody does so already.
  const emit = net.Server.prototype.emit;
  net.Server.prototype.emit = function (event, ...args) {
    if (event === 'connection' && args[0]?._handle) args[0]._handle._consumed = true;
    return emit.call(this, event, ...args);
  };
}
