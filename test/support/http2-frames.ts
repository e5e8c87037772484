/* HTTP/2 (RFC 9113) as it stands on the wire, for clients that no library would be. */

/* Types of frames, and flags. */

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;
export const PADDED = 8;

/** One frame (RFC 9113, section 4.1). */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.byteLength, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream >>> 0, 5);
  return Buffer.concat([head, payload]);
}

/** Numbers of 32 bits, one after the other. */
export function uint32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, n) => {
    bytes.writeUInt32BE(value >>> 0, n * 4);
  });
  return bytes;
}

/** The payload of SETTINGS. */
export function settings(...pairs: readonly (readonly [id: number, value: number])[]): Buffer {
  return Buffer.concat(
    pairs.map(([id, value]) => Buffer.concat([Buffer.from([id >> 8, id]), uint32(value)])),
  );
}

/** A number behind a prefix of 7 bits (RFC 7541, section 5.1). */
export function length(value: number): Buffer {
  if (value < 127) return Buffer.from([value]);
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

/** A header field that stands for itself (RFC 7541, section 6.2.2). */
export function field([name, value]: readonly [string, string]): Buffer {
  const [nameBytes, valueBytes] = [Buffer.from(name), Buffer.from(value)];
  return Buffer.concat([
    Buffer.from([0]),
    length(nameBytes.byteLength),
    nameBytes,
    length(valueBytes.byteLength),
    valueBytes,
  ]);
}

/** The header block of a request, nothing in it compressed. */
export function block(
  method: string,
  path: string,
  more: readonly (readonly [string, string])[] = [],
): Buffer {
  const fields: (readonly [string, string])[] = [
    [':method', method],
    [':scheme', 'https'],
    [':authority', 'fuzz.test'],
    [':path', path],
    ...more,
  ];
  return Buffer.concat(fields.map(field));
}

/** What a client sends from the first byte on: the preface, its SETTINGS, and these frames. */
export function connection(...frames: readonly Uint8Array[]): Buffer {
  return Buffer.concat([PREFACE, frame(SETTINGS, 0, 0), ...frames]);
}
