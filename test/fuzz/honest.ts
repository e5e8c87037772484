import { hash } from 'node:crypto';
import { type ClientHttp2Session, connect } from 'node:http2';

/** Who may push where accounts are asked for. */
export const ACCOUNT = { name: 'fuzz', password: 'correct horse' };
export const CREDENTIALS = `Basic ${Buffer.from(`${ACCOUNT.name}:${ACCOUNT.password}`).toString('base64')}`;

function contentOf(round: number): Buffer {
  return Buffer.from(`honest content ${round} `.repeat(2_000));
}

function digestOf(content: Buffer): string {
  return `sha256:${hash('sha256', content, 'hex')}`;
}

/** What an honest client pushed first, for others to pull. */
export const HONEST_DIGEST = digestOf(contentOf(0));

/**
 * Where it pushes everything but that. Hostile clients pull what they know of thousands of times, and an event waits for
 * all that came before it in its repository.
 */
export const HONEST_REPOSITORY = 'honest/own';

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

type Send = (method: string, path: string, isKnown: boolean, body?: Buffer) => Promise<Answer>;

/** An honest client beside the hostile ones. */
export interface HonestClient {
  /**
   * What it pushes must come back byte for byte.
   * @returns what went wrong
   */
  pushAndPull(round: number): Promise<string | undefined>;
  close(): void;
}

/** One that speaks HTTP/1.1 and has no account. */
export function plainClient(url: string): HonestClient {
  const send: Send = async (method, path, _, body) => {
    const answer = await fetch(url + path, { method, ...(body !== undefined && { body }) });
    return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
  };
  return { pushAndPull: (round) => pushAndPull(send, round), close: () => undefined };
}

/** One that speaks HTTP/2 over TLS, pushes with its account and pulls without. */
export function http2Client(url: string, ca: string): HonestClient {
  let session: ClientHttp2Session | undefined;
  const send: Send = (method, path, isKnown, body) => {
    if (session === undefined || session.closed || session.destroyed) {
      session = connect(url, { ca });
      session.on('error', () => undefined);
    }
    const stream = session.request({
      ':method': method,
      ':path': path,
      ...(isKnown && { authorization: CREDENTIALS }),
    });
    stream.end(body);
    return new Promise((resolve, reject) => {
      let status = 0;
      const pieces: Buffer[] = [];
      stream.on('response', (headers) => {
        status = Number(headers[':status']);
      });
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('error', reject);
      stream.on('end', () => resolve({ status, body: Buffer.concat(pieces) }));
      stream.on('close', () => reject(new Error(`the stream was reset (${stream.rstCode})`)));
    });
  };
  return { pushAndPull: (round) => pushAndPull(send, round), close: () => session?.destroy() };
}

async function pushAndPull(send: Send, round: number): Promise<string | undefined> {
  const content = contentOf(round);
  const digest = digestOf(content);
  const repository = round === 0 ? 'honest/app' : HONEST_REPOSITORY;
  const pushed = await send('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, true, content);
  if (pushed.status !== 201) return `an honest push was answered ${pushed.status}: ${pushed.body}`;
  const pulled = await send('GET', `/v2/${repository}/blobs/${digest}`, false);
  const same = pulled.body.equals(content);
  return pulled.status === 200 && same
    ? undefined
    : `an honest pull gave ${pulled.status}, same bytes: ${same}`;
}
