import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { HEADERS_TIMEOUT_MS } from './limits.ts';

/** What a connection begins with whose client knows that HTTP/2 is spoken (RFC 9113, section 3.4). */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/**
 * Lets connections that begin as HTTP/2 without TLS go to `accept`, and leaves the rest to the server. To be called
 * before it listens.
 */
export function splitByPreface(server: Server, accept: (socket: Socket) => void): void {
  const http1 = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  const waiting = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    const drop = (): void => void socket.destroy();
    const timer = setTimeout(drop, HEADERS_TIMEOUT_MS);
    const leave = (): void => {
      clearTimeout(timer);
      waiting.delete(socket);
    };
    waiting.add(socket);
    socket.on('error', drop);
    socket.once('close', leave);
    let begun = Buffer.alloc(0);
    const look = (): void => {
      const piece = socket.read() as Buffer | null;
      if (piece === null) return;
      begun = Buffer.concat([begun, piece]);
      const compared = Math.min(begun.byteLength, PREFACE.byteLength);
      const isLike = begun.subarray(0, compared).equals(PREFACE.subarray(0, compared));
      if (isLike && compared < PREFACE.byteLength) return;
      leave();
      for (const [event, listener] of [
        ['readable', look],
        ['error', drop],
        ['close', leave],
        ['end', drop],
      ] as const) {
        socket.off(event, listener);
      }
      socket.unshift(begun);
      if (isLike) accept(socket);
      else for (const listener of http1) listener.call(server, socket);
    };
    socket.on('readable', look);
    socket.on('end', drop);
    look();
  });
  const { closeIdleConnections } = server;
  server.closeIdleConnections = () => {
    for (const socket of waiting) socket.destroy();
    closeIdleConnections.call(server);
  };
}
