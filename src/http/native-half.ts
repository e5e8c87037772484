import type { Http2Session } from 'node:http2';

/**
 * The native half of an HTTP/2 connection, to be kept until a turn of the event loop after its end. Node lets go of it
 * at the end, and frees the streams in the next phase of that turn; where the collector of garbage runs in between, and
 * a stream holds a part of a block of headers, Node aborts the process ("current_nghttp2_memory_"), as a hostile client
 * can bring about.
 * @returns undefined where this Node keeps it elsewhere
 */
export function nativeHalfOf(session: Http2Session): unknown {
  const place = Object.getOwnPropertySymbols(session).find(({ description }) => description === 'kHandle');
  return place === undefined ? undefined : Reflect.get(session, place);
}
