/** A response that stood in the bytes of a connection. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Reads as many whole responses as there are; those to HEAD have no body. */
export function responsesIn(received: Buffer, methods: readonly string[] = []): RawResponse[] {
  const found: RawResponse[] = [];
  let rest = received;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) return found;
    const [statusLine = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line): [string, string] => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const status = Number(statusLine.split(' ')[1]);
    const bodiless = status < 200 || status === 204 || methods[found.length] === 'HEAD';
    const length = bodiless ? 0 : Number(headers['content-length'] ?? 0);
    if (rest.byteLength < end + 4 + length) return found;
    found.push({ status, headers, body: rest.subarray(end + 4, end + 4 + length) });
    rest = rest.subarray(end + 4 + length);
  }
}
