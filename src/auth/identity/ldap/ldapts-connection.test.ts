import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { BerReader, BerWriter, BindRequest, ProtocolOperation } from 'ldapts';
import { afterEach, expect, test } from 'vitest';
import { selfSigned } from '../../../../test/support/self-signed.ts';
import { type Endpoint, HostAway } from './connection.ts';
import { ldaptsConnect } from './ldapts-connection.ts';

/* Servers that no directory is: they end connections, keep silent, and try to slip answers in. */

const own = selfSigned();
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Served {
  readonly endpoint: Endpoint;
  /** Everything received without TLS. */
  readonly plain: Buffer[];
  connections(): number;
}

async function serve(tls: Endpoint['tls'], handle: (socket: Socket) => void): Promise<Served> {
  const plain: Buffer[] = [];
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    closers.push(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => plain.push(chunk));
    handle(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { endpoint: { host: '127.0.0.1', port, tls }, plain, connections: () => connections };
}

const connect = ldaptsConnect({
  trust: () => ({ authorities: own.certificate, isVerified: true }),
  connectTimeoutMs: 300,
  operationTimeoutMs: 300,
});

/** The bytes of an answer: message id, operation, result code. */
function answer(id: number, operation: number, code: number, diagnosis = ''): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(operation);
  writer.writeEnumeration(code);
  writer.writeString('');
  writer.writeString(diagnosis);
  writer.endSequence();
  writer.endSequence();
  return writer.buffer;
}

const EXTENDED = ProtocolOperation.LDAP_RES_EXTENSION;
const BIND = ProtocolOperation.LDAP_RES_BIND;
const idOf = (chunk: Buffer): number => {
  const reader = new BerReader(chunk);
  reader.readSequence();
  return reader.readInt() ?? 0;
};

test('a name that is called as a SASL mechanism is bound as with a password', async () => {
  const received: { name: string; password: string; mechanism: string | undefined }[] = [];
  const { endpoint } = await serve('none', (socket) =>
    socket.on('data', (chunk: Buffer) => {
      const reader = new BerReader(chunk);
      reader.readSequence();
      const id = reader.readInt() ?? 0;
      reader.readSequence();
      const request = new BindRequest({ messageId: id });
      request.parseMessage(reader);
      const { dn: name, password, mechanism } = request;
      received.push({ name, password, mechanism });
      socket.write(answer(id, BIND, 49, 'no\nsuch\u0007one'));
    }),
  );
  const connection = await connect(endpoint);
  for (const name of ['EXTERNAL', 'PLAIN']) {
    expect(await connection.bind(name, 'secret')).toEqual({
      isBound: false,
      reason: 'invalidCredentials (no such one)',
    });
    expect(received.pop()).toEqual({ name, password: 'secret', mechanism: undefined });
  }
  connection.close();
});

test('a connection that was ended is not opened again by itself: it would be without TLS', async () => {
  const served = await serve('none', (socket) =>
    socket.on('data', (chunk: Buffer) => {
      socket.end(answer(idOf(chunk), BIND, 0));
    }),
  );
  const connection = await connect(served.endpoint);
  expect(await connection.bind('cn=x', 'y')).toEqual({ isBound: true });
  await expect.poll(() => connection.isOpen).toBe(false);
  await expect(connection.bind('cn=x', 'the-password')).rejects.toThrow(HostAway);
  expect(served.connections()).toBe(1);
  expect(Buffer.concat(served.plain).includes('the-password')).toBe(false);
});

test('silence ends, at the connection, in TLS, in StartTLS and at a question', async () => {
  const silent = await serve('always', () => undefined);
  await expect(connect(silent.endpoint)).rejects.toMatchObject({ isSilent: true });
  const stopsInTls = await serve('starttls', (socket) =>
    socket.once('data', (chunk: Buffer) => socket.write(answer(idOf(chunk), EXTENDED, 0))),
  );
  await expect(connect(stopsInTls.endpoint)).rejects.toThrow('no connection within 0.3 s');
  await expect(connect({ ...silent.endpoint, tls: 'starttls' })).rejects.toThrow(HostAway);
  const connection = await connect({ ...silent.endpoint, tls: 'none' });
  await expect(connection.bind('cn=x', 'y')).rejects.toMatchObject({
    isSilent: true,
    message: 'no answer to a bind',
  });
  expect(connection.isOpen).toBe(false);
});

test('where StartTLS is refused, nothing else is said', async () => {
  const served = await serve('starttls', (socket) =>
    socket.on('data', (chunk: Buffer) => socket.write(answer(idOf(chunk), EXTENDED, 53, 'no TLS here'))),
  );
  await expect(connect(served.endpoint)).rejects.toThrow(
    'StartTLS was answered with unwillingToPerform (no TLS here)',
  );
  expect(served.plain).toHaveLength(1);
});

test.each([
  // Whole answers for the messages to come, or the beginning of one that the encrypted answer would complete.
  ['whole answers', (id: number) => Buffer.concat([0, 1, 2].map((next) => answer(id + next, BIND, 0)))],
  ['half an answer', (id: number) => answer(id, BIND, 0, 'x'.repeat(14)).subarray(0, -14)],
  ['half of the next answer', (id: number) => answer(id + 1, BIND, 0, 'x'.repeat(14)).subarray(0, -14)],
])('%s that are slipped in behind the answer to StartTLS count for nothing', async (_, slippedIn) => {
  const served = await serve('starttls', (socket) =>
    socket.once('data', (chunk: Buffer) => {
      const id = idOf(chunk);
      socket.removeAllListeners('data');
      socket.write(Buffer.concat([answer(id, EXTENDED, 0), slippedIn(id)]));
      const secure = new TLSSocket(socket, {
        isServer: true,
        secureContext: createSecureContext({ cert: own.certificate, key: own.key }),
      });
      secure.on('error', () => undefined);
      secure.on('data', (question: Buffer) => secure.write(answer(idOf(question), BIND, 49)));
    }),
  );
  const connection = await connect(served.endpoint);
  expect(await connection.bind('cn=x', 'wrong')).toMatchObject({ isBound: false });
  connection.close();
});
