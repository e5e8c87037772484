import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startServer } from '../../src/http/server.ts';
import { block, connection, END_HEADERS, END_STREAM, field, frame, HEADERS } from './http2-frames.ts';

/**
 * Breaks connections of HTTP/2 in the middle of a block of trailers, and lets the collector of garbage run in the same
 * turn of the event loop, from the data of other connections. Says "alive" where the process has lived through it.
 */

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
const server = await startServer({
  address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
  tls: undefined,
  http2: true,
  log,
  app: () => new Promise(() => undefined),
});
const port = 'port' in server.address ? server.address.port : 0;

async function open(at: number): Promise<Socket> {
  const socket = connect(at, '127.0.0.1');
  socket.on('error', () => undefined).resume();
  await once(socket, 'connect');
  return socket;
}

const collector = createServer((socket) => socket.on('error', () => undefined).on('data', collect));
collector.listen(0, '127.0.0.1');
await once(collector, 'listening');
const triggers = await Promise.all(
  Array.from({ length: 3 }, () => open((collector.address() as AddressInfo).port)),
);

const trailers = Buffer.concat(Array.from({ length: 10 }, (_, n) => field([`x-${n}`, 'y'.repeat(100)])));
const attack = Buffer.concat([
  frame(HEADERS, END_HEADERS, 1, block('POST', '/v2/a/b/blobs/uploads/')),
  frame(HEADERS, END_STREAM, 1, trailers),
  frame(HEADERS, END_HEADERS | END_STREAM, 0, block('GET', '/v2/')),
]);
for (let round = 0; round < 40; round += 1) {
  const socket = await open(port);
  // What is broken is to be read by the connection itself, and not with what it begins with.
  socket.write(connection());
  await sleep(10);
  socket.write(attack);
  for (const trigger of triggers) trigger.write('x');
  await sleep(5);
  socket.destroy();
}
process.stdout.write('alive');
process.exit(0);
