import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { responsesIn } from '../support/raw-response.ts';
import { http2Statuses } from './frames.ts';
import type { Attack, Manner } from './requests.ts';

/** Longer than any answer takes; what says nothing by then is waiting for more. */
const PATIENCE_MS = 400;
const SLOW_STEPS = 25;
const SLOW_STEP_MS = 10;
const MAX_PIECES = 8;
const SLOW_HEADER_MS = 500;

/** Where connections go to. */
export interface Target {
  readonly port: number;
  /** The certificate to be trusted; undefined without TLS. */
  readonly ca: string | undefined;
}

function open({ port, ca }: Target, protocol: Attack['protocol']): { socket: Socket; ready: string } {
  const address = { port, host: '127.0.0.1', allowHalfOpen: true };
  if (ca === undefined) return { socket: connect(address), ready: 'connect' };
  const socket = connectTls({ ...address, ca, ALPNProtocols: [protocol ?? 'http/1.1'] });
  return { socket, ready: 'secureConnect' };
}

/** What came of one connection. */
export interface Outcome {
  readonly statuses: readonly number[];
  /** The rule that was broken; undefined where none was. */
  readonly broken: string | undefined;
}

/** Server errors that are answers: 501 and 505 are Node's, 503 and 507 tell that it cannot be done now. */
const DELIBERATE = new Set([501, 503, 505, 507]);

function pieces(bytes: Buffer, manner: Manner): Buffer[] {
  if (manner === 'byte by byte') {
    const slow = Array.from(bytes.subarray(0, SLOW_STEPS), (byte) => Buffer.from([byte]));
    return bytes.byteLength > SLOW_STEPS ? [...slow, bytes.subarray(SLOW_STEPS)] : slow;
  }
  if (manner !== 'in pieces') return [bytes];
  const size = Math.max(1, Math.ceil(bytes.byteLength / MAX_PIECES));
  return Array.from({ length: Math.ceil(bytes.byteLength / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  );
}

function judge(attack: Attack, statuses: readonly number[]): string | undefined {
  const fault = statuses.find((status) => status >= 500 && !DELIBERATE.has(status));
  if (fault !== undefined) return `answered ${fault}`;
  if (attack.isAmbiguous && statuses.length > 1)
    return `${statuses.length} answers to a message of doubtful length`;
  return undefined;
}

/**
 * Holds a connection with headers that come a byte at a time and never end, until it is closed or `isOver`.
 * (Slowloris: a server that waits for each of these has no room left for others.)
 */
export async function holdSlowly(target: Target, isOver: () => boolean): Promise<void> {
  const { socket } = open(target, undefined);
  socket.on('error', () => undefined).resume();
  socket.write('GET /v2/ HTTP/1.1\r\nX: ');
  while (!isOver() && !socket.destroyed) {
    socket.write('y');
    await new Promise((resolve) => setTimeout(resolve, SLOW_HEADER_MS));
  }
  socket.destroy();
}

/** Opens a connection, sends, and looks at what comes back until it is over or nothing more comes. */
export async function attack(target: Target, what: Attack, manner: Manner): Promise<Outcome> {
  // Bytes that are no TLS come to a server that wants it, too.
  const isBare = what.kind === 'noise' && manner !== 'at once';
  const { socket, ready } = open(isBare ? { ...target, ca: undefined } : target, what.protocol);
  const received: Buffer[] = [];
  let size = 0;
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => resolve());
    socket.on('end', () => resolve());
  });
  socket.on('error', () => undefined);
  if (manner === 'not read') socket.pause();
  else {
    socket.on('data', (piece: Buffer) => {
      size += piece.byteLength;
      if (size < 4_000_000) received.push(piece);
    });
  }
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  await new Promise<void>((resolve) => {
    socket.once(ready, () => resolve());
    socket.once('close', () => resolve());
  });
  for (const piece of pieces(what.bytes, manner)) {
    if (!socket.writable) break;
    socket.write(piece);
    if (manner === 'byte by byte' || manner === 'in pieces') await wait(SLOW_STEP_MS);
  }
  if (manner === 'half-closed') socket.end();
  if (manner === 'cut off') await wait(SLOW_STEP_MS);
  else await Promise.race([closed, wait(PATIENCE_MS)]);
  socket.destroy();
  const bytes = Buffer.concat(received);
  const statuses = what.protocol === 'h2' ? http2Statuses(bytes) : http1Statuses(bytes);
  return { statuses, broken: judge(what, statuses) };
}

function http1Statuses(received: Buffer): number[] {
  return (
    responsesIn(received)
      .map(({ status }) => status)
      // After the answer to a HEAD, which has a length and no body, the rest cannot be told apart.
      .filter(Number.isInteger)
  );
}
