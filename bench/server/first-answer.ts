import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Pause between two attempts: short beside the start times measured, long enough to leave the CPU alone. */
const PAUSE_MS = 2;
const LIMIT_MS = 20_000;

/** A TCP port on 127.0.0.1 that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/**
 * Asks `GET /v2/` again and again until any HTTP answer begins to arrive: its status does not matter.
 * @param ended rejects when the server has ended, which ends the waiting.
 * @returns the time of the first bytes, as of performance.now().
 * @throws {Error} when nothing answers in 20 s.
 */
export async function firstAnswer(port: number, ended: Promise<never>): Promise<number> {
  const limit = performance.now() + LIMIT_MS;
  while (performance.now() < limit) {
    if (await Promise.race([answers(port), ended])) return performance.now();
    await Promise.race([sleep(PAUSE_MS), ended]);
  }
  throw new Error(`no answer in ${LIMIT_MS / 1000} s`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const finish = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () =>
      socket.write('GET /v2/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
    );
    socket.once('data', (bytes) => finish(bytes.toString().startsWith('HTTP/')));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
  });
}
