// A server that is every host of 127.0.0.0/8 at once: node any-host.ts
// Answers everything with 200, each connection as long as its caller likes. Prints its port on one line, ends when its
// stdin does.
import { type AddressInfo, createServer } from 'node:net';

const answer = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok';
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  // A request without a body comes in one piece over the loopback.
  socket.on('data', () => socket.write(answer));
});
server.listen({ port: 0, host: '0.0.0.0', backlog: 4096 }, () =>
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`),
);
process.stdin.resume().on('end', () => process.exit(0));
