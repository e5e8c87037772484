import { createHash } from 'node:crypto';
import { type Answer, Connection } from './connection.ts';
import type { Blob } from './content.ts';

/** Where to and with which token. */
export interface Target {
  readonly port: number;
  readonly repository: string;
  readonly token: string;
}

/** How a blob is pushed: POST and one PUT with the body, or as docker does it: POST, streamed PATCH, PUT. */
export type Way = 'monolithic' | 'docker';

/** When a transfer began and ended, nanoseconds of the monotonic clock that all processes share. */
export interface Span {
  readonly start: bigint;
  readonly end: bigint;
}

function head(target: Target, method: string, path: string, headers: readonly string[]): string {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${target.port}`,
    `Authorization: Bearer ${target.token}`,
  ];
  return `${[...lines, 'User-Agent: berth-bench', ...headers].join('\r\n')}\r\n\r\n`;
}

/** Sends one request and waits for its answer, which must have the expected status. */
async function exchange(
  connection: Connection,
  requestHead: string,
  body: Iterable<Buffer>,
  expected: number,
): Promise<Answer> {
  let early = false;
  const answered = connection.answer().finally(() => {
    early = true;
  });
  answered.catch(() => undefined);
  await connection.send(requestHead);
  for (const piece of body) {
    if (early) break;
    await connection.send(piece);
  }
  const answer = await answered;
  if (answer.status === expected) return answer;
  throw new Error(
    `${requestHead.slice(0, requestHead.indexOf('?') + 1 || 60)}… → ${answer.status} ${answer.text}`,
  );
}

/** The upload's address for the next request, with the query that the server put there. */
function next(answer: Answer, query = ''): string {
  const url = new URL(answer.headers.get('location') ?? '', 'http://localhost');
  const search = [url.search.slice(1), query].filter((part) => part !== '').join('&');
  return search === '' ? url.pathname : `${url.pathname}?${search}`;
}

/** The connection for the next request: a new one, as any client would open, where the server closes the old. */
async function following(target: Target, connection: Connection, answer: Answer): Promise<Connection> {
  if (answer.headers.get('connection')?.toLowerCase() !== 'close') return connection;
  connection.close();
  return Connection.open(target.port);
}

/** Pushes one blob; the first connection is open before the time starts. */
export async function push(target: Target, blob: Blob, way: Way): Promise<Span> {
  let connection = await Connection.open(target.port);
  const typed = 'Content-Type: application/octet-stream';
  const put = `digest=${encodeURIComponent(blob.digest)}`;
  const start = process.hrtime.bigint();
  const post = head(target, 'POST', `/v2/${target.repository}/blobs/uploads/`, ['Content-Length: 0']);
  const begun = await exchange(connection, post, [], 202);
  connection = await following(target, connection, begun);
  if (way === 'monolithic') {
    const request = head(target, 'PUT', next(begun, put), [typed, `Content-Length: ${blob.bytes}`]);
    await exchange(connection, request, blob.plain(), 201);
  } else {
    const patch = head(target, 'PATCH', next(begun), [typed, 'Transfer-Encoding: chunked']);
    const sent = await exchange(connection, patch, blob.chunked(), 202);
    connection = await following(target, connection, sent);
    await exchange(connection, head(target, 'PUT', next(sent, put), [typed, 'Content-Length: 0']), [], 201);
  }
  const end = process.hrtime.bigint();
  connection.close();
  return { start, end };
}

/**
 * Pulls one blob on a connection of its own and drops the bytes.
 * @param verify hash them and compare: for a pull whose time does not matter.
 */
export async function pull(target: Target, digest: string, bytes: number, verify: boolean): Promise<Span> {
  const connection = await Connection.open(target.port);
  const hash = createHash('sha256');
  const start = process.hrtime.bigint();
  const answered = connection.answer(verify ? (piece) => hash.update(piece) : undefined);
  await connection.send(head(target, 'GET', `/v2/${target.repository}/blobs/${digest}`, ['Accept: */*']));
  const answer = await answered;
  const end = process.hrtime.bigint();
  connection.close();
  if (answer.status !== 200 || answer.bodyBytes !== bytes) {
    throw new Error(`GET blob → ${answer.status}, ${answer.bodyBytes} bytes: ${answer.text.slice(0, 200)}`);
  }
  if (verify && `sha256:${hash.digest('hex')}` !== digest)
    throw new Error('GET blob: the bytes do not match the digest');
  return { start, end };
}
