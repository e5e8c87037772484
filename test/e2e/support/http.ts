import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import type { Readable } from 'node:stream';

/** An answer, its body read whole. Header names are in lower case. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  readonly text: string;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream is sent chunked unless `headers` announce a length. */
  readonly body?: Buffer | string | Readable;
  /** PEM; for a server whose certificate the machine does not know */
  readonly ca?: string;
}

/**
 * One request on a connection of its own, exactly as told: no redirects, no decompression, no retries, and a
 * Content-Length that does not fit the body is sent as it stands.
 *
 * @throws Error when there was no complete answer
 */
export function send(url: string, { method = 'GET', headers = {}, body, ca }: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = (url.startsWith('https:') ? secure : plain)(url, {
      method,
      agent: false,
      headers: {
        ...(Buffer.isBuffer(body) || typeof body === 'string'
          ? { 'content-length': Buffer.byteLength(body) }
          : {}),
        ...(body === undefined && method !== 'GET' && method !== 'HEAD' ? { 'content-length': 0 } : {}),
        ...headers,
      },
      ...(ca === undefined ? {} : { ca }),
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const content = Buffer.concat(chunks);
        const flat = Object.entries(response.headers).map(
          ([name, value]) => [name, value?.toString()] as const,
        );
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(flat),
          body: content,
          text: content.toString('utf8'),
        });
      });
    });
    if (body === undefined || Buffer.isBuffer(body) || typeof body === 'string') request.end(body);
    else body.on('error', (error) => request.destroy(error)).pipe(request);
  });
}

/** Whether anything answers there, with whatever status. */
export async function answers(url: string, ca?: string): Promise<boolean> {
  try {
    await send(url, ca === undefined ? {} : { ca });
    return true;
  } catch {
    return false;
  }
}
