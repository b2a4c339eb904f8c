// The server that everything here is measured against: HTTP/1.1 on plain sockets, as cheap as Node can be, so that
// the caller is the bottleneck on two cores. Its own process, loopback only; prints its port on one line, ends when
// its stdin does.
//
//   GET /delay/MS          the answer after MS milliseconds (a query may follow, so that URLs differ)
//   GET /bytes/N           a body of N bytes
//   GET /stats             what was counted since the last /reset (stats.ts), not counted itself
//   GET /reset             forget the counts
//   GET /anything-else     the answer at once
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createStats } from './stats.ts';

const headEnd = '\r\n\r\n';
const answer = response('200 OK', '{"ok":true,"from":"bench","items":[1,2,3],"note":"sluice"}');
const stats = createStats();
/** What large bodies are made of. */
const block = Buffer.alloc(256 * 1024, 'sluice ');

const server = createServer({ noDelay: true }, (socket) => {
  let rest = '';
  socket.setEncoding('latin1');
  socket.on('error', () => socket.destroy());
  socket.on('data', (text: string) => {
    // GETs have no body: a request is what stands before an empty line, and one chunk may hold several.
    rest = rest === '' ? text : rest + text;
    let end = rest.indexOf(headEnd);
    while (end !== -1) {
      const path = rest.slice(rest.indexOf(' ') + 1, rest.indexOf(' ', 5));
      rest = rest.slice(end + headEnd.length);
      serve(socket, path);
      end = rest.indexOf(headEnd);
    }
  });
});

function serve(socket: Socket, path: string): void {
  if (path === '/stats') {
    socket.write(response('200 OK', JSON.stringify(stats.report())));
    return;
  }
  if (path === '/reset') {
    stats.reset();
    socket.write(answer);
    return;
  }
  if (path.startsWith('/bytes/')) {
    pour(socket, Number.parseInt(path.slice('/bytes/'.length), 10));
    return;
  }
  stats.began();
  if (!path.startsWith('/delay/')) {
    stats.ended();
    socket.write(answer);
    return;
  }
  setTimeout(
    () => {
      stats.ended();
      if (socket.writable) socket.write(answer);
    },
    Number.parseInt(path.slice('/delay/'.length), 10),
  );
}

/** As fast as the other end takes them. */
function pour(socket: Socket, bytes: number): void {
  let left = bytes;
  const go = () => {
    while (left > 0 && !socket.destroyed) {
      const part = left < block.length ? block.subarray(0, left) : block;
      left -= part.length;
      if (!socket.write(part)) {
        socket.once('drain', go);
        return;
      }
    }
  };
  socket.write(`HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: ${bytes}${headEnd}`);
  go();
}

function response(status: string, body: string): Buffer {
  const head = [`HTTP/1.1 ${status}`, 'content-type: application/json', `content-length: ${Buffer.byteLength(body)}`];
  return Buffer.from(`${head.join('\r\n')}${headEnd}${body}`);
}

server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.stdin.resume().on('end', () => process.exit(0));
