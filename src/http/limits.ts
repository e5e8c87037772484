/** What a client may take, in both versions of HTTP. */

/** A client that neither sends nor takes anything for so long is given up. */
export const IDLE_TIMEOUT_MS = 120_000;
/** So long may a request's headers, or a handshake, take. */
export const HEADERS_TIMEOUT_MS = 30_000;
/** So long is a connection kept on which nothing happens. */
export const KEEP_ALIVE_MS = 75_000;
/** All headers of a request together. */
export const MAX_HEADER_BYTES = 32 * 1024;
/** Header lines of a request. */
export const MAX_HEADERS = 200;
