/** Where a server listens. */
export type ListenAddress =
  /** `host` undefined: every interface. `port` 0: any free one. */
  | { readonly kind: 'tcp'; readonly host: string | undefined; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/**
 * An address as Go writes it: `:5000` (every interface), `127.0.0.1:5000`, `[::1]:5000`, `name:5000`; for
 * `unix` the path of a socket. The answer to a wrong one is a clause that says what is wrong.
 * Source: Go `net.SplitHostPort`; ports must be numbers.
 */
export function parseListenAddress(
  text: string,
  net: 'tcp' | 'unix',
): ListenAddress | { readonly kind: 'wrong'; readonly why: string } {
  if (net === 'unix') {
    return text === '' ? wrong('needs the path of a socket') : { kind: 'unix', path: text };
  }
  const match = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text);
  if (match === null) return wrong(explain(text));
  const host = match[1] ?? match[2] ?? '';
  const port = match[3] ?? '';
  if (!/^[0-9]{1,5}$/.test(port) || Number(port) > 65535) {
    return wrong(`has no valid port: "${port}" is not a number from 0 to 65535`);
  }
  if (!/^[\w.:%-]*$/.test(host)) return wrong(`has no valid host: "${host}"`);
  return { kind: 'tcp', host: host === '' ? undefined : host, port: Number(port) };
}

function explain(text: string): string {
  if (/^[0-9]+$/.test(text)) return `has no colon; write ":${text}" for every interface`;
  if (text.includes('://')) return 'is a URL; write only host:port';
  if (!text.includes(':')) return `has no port; write "${text}:5000"`;
  return 'is not host:port; an IPv6 address needs brackets, as in "[::1]:5000"';
}

function wrong(why: string): { readonly kind: 'wrong'; readonly why: string } {
  return { kind: 'wrong', why };
}
