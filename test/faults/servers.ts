import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { nodePath } from '../support/places.ts';

/** What a server does once the head of a request is there. */
export type Behaviour = (socket: Socket) => void;

export type FaultServer = { readonly host: string; readonly open: () => number };

const open = new Map<string, Set<Socket>>();

/** Connections that nobody has closed, by server. */
export function stillOpen(): string[] {
  return [...open].filter(([, sockets]) => sockets.size > 0).map(([host, sockets]) => `${host}: ${sockets.size}`);
}

/** A server of bare sockets that behaves so for every request. `host:port`. */
export async function serve(behave: Behaviour): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    let heard = '';
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
      if (!heard.includes('\r\n\r\n')) return;
      heard = '';
      behave(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  open.set(host, sockets);
  return host;
}

/** Sends these bytes, then ends, resets, or stays. */
export function says(bytes: string | Buffer, then: 'end' | 'reset' | 'stay' = 'end'): Behaviour {
  const all = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
  return (socket) => {
    const close = (): void => {
      if (then === 'end') socket.end();
      else if (then === 'reset') socket.resetAndDestroy();
    };
    if (all.length === 0) close();
    else socket.write(all, close);
  };
}

/** Sends a first piece, then the other one again and again. */
export function goesOn(first: string, piece: string | Buffer, everyMs: number): Behaviour {
  return (socket) => {
    socket.write(first, 'latin1');
    const timer = setInterval(() => socket.write(piece), everyMs);
    socket.on('close', () => clearInterval(timer));
  };
}

/** A port whose listener sleeps, with a full queue: the system lets nobody in, and nobody is told. Linux only. */
export async function fullQueue(): Promise<string> {
  const listener = `require('net').createServer().listen({port:0,host:'127.0.0.1',backlog:1},function(){console.log(this.address().port)})`;
  const child = spawn(nodePath, ['-e', listener], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(line.toString());
  child.kill('SIGSTOP');
  for (let filler = 0; filler < 4; filler++) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    await Promise.race([once(socket, 'connect'), new Promise((resolve) => setTimeout(resolve, 50))]);
  }
  return `127.0.0.1:${port}`;
}
